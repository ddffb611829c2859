using System.Text.Json.Serialization;
using MobileQuant.Arithmetic;
using MobileQuant.Programs;

namespace MobileQuant.Artifacts;

/// <summary>What an artifact says of itself: the JSON under <c>mobilequant.manifest</c> in the safetensors metadata.</summary>
public sealed record ArtifactManifest
{
    /// <summary>The newest format that this version reads and writes: 2 added weights in blocks, wide inputs and prefixes, 3 LayerNorm.</summary>
    public const int CurrentFormatVersion = 3;

    /// <summary>The oldest format that this version reads.</summary>
    public const int OldestFormatVersion = 1;

    /// <summary>The key in <see cref="Digests"/> of everything but packed weights.</summary>
    public const string SmallTensors = "*";

    /// <summary>Format of the artifact: the oldest that can hold it.</summary>
    public required int FormatVersion { get; init; }

    /// <summary>Version of the tool that wrote it.</summary>
    public required string ToolVersion { get; init; }

    /// <summary>What it was made with and on; null in artifacts from before this was written down.</summary>
    public ManifestEnvironment? Environment { get; init; }

    /// <summary>Model family, for people.</summary>
    public required string Family { get; init; }

    /// <summary>W8A8, W4A8, W4B64A8, W4B32A8; linear layers with other widths are named in the settings.</summary>
    public required string Precision { get; init; }

    /// <summary>token or static.</summary>
    public required string Activations { get; init; }

    /// <summary>symmetric or asymmetric.</summary>
    public required string Weights { get; init; }

    /// <summary>channel or tensor.</summary>
    public required string Granularity { get; init; }

    /// <summary>Name of the recipe.</summary>
    public required string Recipe { get; init; }

    /// <summary>The recipe's settings as used, searched ones included.</summary>
    public required IReadOnlyDictionary<string, string> RecipeSettings { get; init; }

    /// <summary>What searches tried and what they took, with the figures that decided; null where nothing was searched.</summary>
    public IReadOnlyList<ManifestFinding>? Findings { get; init; }

    /// <summary>What learning did; null where nothing was learned. Its settings are among <see cref="RecipeSettings"/>.</summary>
    public ManifestLearning? Learning { get; init; }

    /// <summary>The content key that it was made under; empty when made without a cache.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Token that begins a text; null when the model has none.</summary>
    public int? BeginOfTextId { get; init; }

    /// <summary>Tokens that end a text.</summary>
    public required IReadOnlyList<int> EndOfTextIds { get; init; }

    /// <summary>Parameters of the float model.</summary>
    public required long Parameters { get; init; }

    /// <summary>The integer program's scalars.</summary>
    public required ManifestProgram Program { get; init; }

    /// <summary>Quantization sites with their float scales, for people and exporters; the runtime does not read them.</summary>
    public required IReadOnlyList<ManifestSite> Sites { get; init; }

    /// <summary>
    /// SHA-256 of each packed weight tensor by name, and under <see cref="SmallTensors"/> of all other tensors together, in file
    /// order; 64 hex digits.
    /// </summary>
    public required IReadOnlyDictionary<string, string> Digests { get; init; }

    /// <summary>The oldest format that can hold a program, so that older readers open all that they can.</summary>
    /// <param name="layers">The decoder layers.</param>
    /// <param name="hasPrefix">Whether sessions start behind stored positions.</param>
    /// <param name="norm">What the norms compute.</param>
    /// <returns>The version to write.</returns>
    public static int VersionOf(IReadOnlyList<ManifestLayer> layers, bool hasPrefix, NormForm norm)
    {
        bool blocks = layers.SelectMany(l => l.Linears.Values).Any(linear => PackedLayout.BlockSize(linear.Format) > 0);
        bool wide = layers.SelectMany(l => (ManifestInput?[])[l.AttentionInput, l.OutputInput, l.FeedForwardInput, l.DownInput]).Any(i => i?.WideBits > 0);
        return norm == NormForm.Layer ? 3 : blocks || wide || hasPrefix ? 2 : OldestFormatVersion;
    }
}

/// <summary>
/// What the float arithmetic behind an artifact may depend on. The same request in the same environment gives the same bytes; in
/// another one last digits of sums may differ, and with them codes.
/// </summary>
/// <param name="Processor">Type of the CPU, such as <c>AuthenticAMD family 25 model 1</c>; no name of a machine.</param>
/// <param name="Instructions">Instruction sets that .NET used there.</param>
/// <param name="Device">Where passes through the float model ran: cpu or cuda.</param>
/// <param name="Platform">Such as <c>linux-x64</c>.</param>
/// <param name="Runtime">Such as <c>.NET 10.0</c>.</param>
/// <param name="TorchSharp">Version of TorchSharp.</param>
/// <param name="Libtorch">Version of libtorch.</param>
public sealed record ManifestEnvironment(
    string Processor,
    IReadOnlyList<string> Instructions,
    string Device,
    string Platform,
    string Runtime,
    string TorchSharp,
    string Libtorch);

/// <summary>One candidate that a search tried.</summary>
/// <param name="Step">Which search: alpha, sensitivity, wide, range, prefix, result.</param>
/// <param name="Candidate">What was tried, such as a strength, a site or a token.</param>
/// <param name="Loss">Divergence from the float model on calibration windows, in nats per token.</param>
/// <param name="Chosen">Whether the search took it.</param>
public sealed record ManifestFinding(string Step, string Candidate, double Loss, bool Chosen);

/// <summary>What learning did.</summary>
/// <param name="Steps">Steps of the optimizer, those of all layers together.</param>
/// <param name="SkippedSteps">Steps among them that changed nothing because loss or gradients were not finite.</param>
/// <param name="Curve">The loss in order of steps.</param>
public sealed record ManifestLearning(int Steps, int SkippedSteps, IReadOnlyList<ManifestLearningPoint> Curve);

/// <summary>A point of a loss curve.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Loss">Mean loss of the steps since the point before.</param>
public sealed record ManifestLearningPoint(int Step, double Loss);

/// <summary>A quantization site. Zero values are left out of the file.</summary>
/// <param name="Name">Such as <c>layers.3.mlp.down.input</c>.</param>
/// <param name="Bits">Width of its codes.</param>
/// <param name="Minimum">Smallest calibrated value.</param>
/// <param name="Maximum">Largest calibrated value.</param>
/// <param name="Scale">Real value of one code; 0 where it is found per token.</param>
/// <param name="ZeroPoint">The code of real 0.</param>
public sealed record ManifestSite(
    string Name,
    int Bits,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double Minimum = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double Maximum = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] double Scale = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int ZeroPoint = 0);

/// <summary>Scalars of a program.</summary>
public sealed record ManifestProgram
{
    /// <summary>Sizes.</summary>
    public required ProgramShape Shape { get; init; }

    /// <summary>Real value of one residual code.</summary>
    public required double ResidualScale { get; init; }

    /// <summary>Bound on the residual stream in codes: the embedding's bound plus those of all branches; below 2^31 by construction.</summary>
    public required long ResidualBound { get; init; }

    /// <summary>sqrt(eps) of the norms in residual codes.</summary>
    public required int NormEpsilon { get; init; }

    /// <summary>What the norms compute; left out of the file for root-mean-square norms.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public NormForm Norm { get; init; }

    /// <summary>Width of the head's input codes.</summary>
    public required int HeadInputBits { get; init; }

    /// <summary>True when the head shares the embedding's bytes.</summary>
    public required bool TiedHead { get; init; }

    /// <summary>Tokens whose stored keys and values every session starts behind; null for none.</summary>
    public IReadOnlyList<int>? Prefix { get; init; }

    /// <summary>The head.</summary>
    public required ManifestLinear Head { get; init; }

    /// <summary>The decoder layers.</summary>
    public required IReadOnlyList<ManifestLayer> Layers { get; init; }
}

/// <summary>Scalars of a layer. Quantizers are null for token activations.</summary>
public sealed record ManifestLayer
{
    /// <summary>Input of q, k, v.</summary>
    public ManifestInput? AttentionInput { get; init; }

    /// <summary>Input of o.</summary>
    public ManifestInput? OutputInput { get; init; }

    /// <summary>Input of gate and up.</summary>
    public ManifestInput? FeedForwardInput { get; init; }

    /// <summary>Input of down.</summary>
    public ManifestInput? DownInput { get; init; }

    /// <summary>Rotated k to cache codes, per key-value head.</summary>
    public required IReadOnlyList<FixedPointFactor> KeyFactors { get; init; }

    /// <summary>Zero points of the key cache.</summary>
    public required IReadOnlyList<int> KeyZeroPoints { get; init; }

    /// <summary>Zero points of the value cache.</summary>
    public required IReadOnlyList<int> ValueZeroPoints { get; init; }

    /// <summary>Scores to the argument of 2^-u.</summary>
    public required IReadOnlyList<FixedPointFactor> ScoreFactors { get; init; }

    /// <summary>Attention output to the unit that all heads share.</summary>
    public required IReadOnlyList<FixedPointFactor> OutputFactors { get; init; }

    /// <summary>log2 of the codes between the activation's knots.</summary>
    public required int ActivationSpacingBits { get; init; }

    /// <summary>The linear layers by name: q, k, v, o, gate, up, down.</summary>
    public required IReadOnlyDictionary<string, ManifestLinear> Linears { get; init; }
}

/// <summary>A stored quantizer of the rows that linear layers read.</summary>
/// <param name="Factor">s32 row value to codes.</param>
/// <param name="Scale">What the linear layers need.</param>
/// <param name="WideBits">0 for u8 codes; 9..16 for wide ones.</param>
public sealed record ManifestInput(
    FixedPointFactor Factor,
    RowScale Scale,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int WideBits = 0);

/// <summary>Scalars of a linear layer.</summary>
/// <param name="Format">Layout of the weights.</param>
/// <param name="OutputMinimum">Clamp of the outputs.</param>
/// <param name="OutputMaximum">Clamp of the outputs.</param>
/// <param name="AccumulatorBound">max over rows of sum s * |w - zero| * max |x - z|, s the block scales or 1; below 2^31.</param>
/// <param name="HasBias">Whether the channel table has a third row of biases.</param>
/// <param name="HasZeroPoints">Whether weights have zero points.</param>
public sealed record ManifestLinear(
    WeightFormat Format,
    int OutputMinimum,
    int OutputMaximum,
    long AccumulatorBound,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool HasBias = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool HasZeroPoints = false);
