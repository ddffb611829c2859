using System.Runtime.InteropServices;
using MobileQuant.Arithmetic;
using MobileQuant.Artifacts;
using MobileQuant.Export;
using MobileQuant.Modeling;
using MobileQuant.Programs;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Lowering;

/// <summary>
/// Quantized graph to integer program, streamed into an artifact layer by layer: beyond the float model it holds the codes of
/// one linear layer at a time. Never knows which recipe made the graph.
/// </summary>
public sealed class ArtifactLowering
{
    private readonly QuantizedGraph _graph;
    private readonly DecoderArchitecture _architecture;
    private readonly ArtifactOrigin _origin;
    private readonly ArtifactWriter _writer = new();
    private readonly List<LayerLowering> _layers = [];
    private readonly ResidualScale _residual;
    private readonly NormLowering _finalNorm;
    private readonly LinearLowering _head;
    private readonly int _headBits;
    private readonly ProgramShape _shape;

    private ArtifactLowering(QuantizedGraph graph, ArtifactOrigin origin)
    {
        _graph = graph;
        _architecture = graph.Architecture;
        _origin = origin;
        _shape = new(
            _architecture.LayerCount,
            _architecture.HiddenSize,
            _architecture.HeadCount,
            _architecture.KeyValueHeadCount,
            _architecture.HeadSize,
            _architecture.FeedForwardSize,
            _architecture.VocabularySize,
            _architecture.ContextLength);
        _shape.Validate();
        if (!_architecture.GatedMlp)
        {
            throw new MobileQuantException("MQ3053", $"Family '{_architecture.Family}' cannot be lowered to integers yet: its MLP has no gate.", "Use a checkpoint of a family with a gated MLP: llama, mistral, qwen2, stablelm, gemma.");
        }

        _finalNorm = new(_architecture.Norm, graph.Weights.FinalNorm);

        QuantizedWeight embedding = graph.QuantizeEmbedding();
        _residual = ResidualScale.Find(graph, embedding.Scales);
        QuantizedWeight head = _architecture.TiedEmbeddings ? embedding : graph.QuantizeHead();
        _headBits = LinearLowering.WidestInput(head);
        int limit = (1 << (_headBits - 1)) - 1;
        _head = new(
            ArtifactNames.Head,
            _shape.Vocabulary,
            _shape.Hidden,
            WeightFormat.S8,
            hasZeroPoints: false,
            graph.QuantizeHead,
            bias: null,
            _finalNorm.Unit / limit,
            _ => Math.ScaleB(1, -IntegerProgram.LogitFractionBits),
            (-int.MaxValue, int.MaxValue))
        {
            InputLimit = limit,
        };
    }

    /// <summary>Writes the artifact of a graph.</summary>
    /// <param name="graph">What a recipe made.</param>
    /// <param name="origin">What the manifest tells about where it came from, and the tokenizer's files.</param>
    /// <param name="path">Created or replaced; on failure the caller deletes it.</param>
    /// <param name="progress">Receives step <c>write</c> in bytes.</param>
    /// <param name="cancellationToken">Cancels between tensors.</param>
    /// <exception cref="MobileQuantException">MQ3050 to MQ3053: the model does not fit the integer arithmetic; MQ6002: its sizes do not.</exception>
    public static void Write(
        QuantizedGraph graph,
        ArtifactOrigin origin,
        string path,
        IProgress<QuantizationEvent>? progress = null,
        CancellationToken cancellationToken = default)
    {
        using IDisposable scope = torch.no_grad();
        ArtifactLowering lowering = new(graph, origin);
        lowering.AddTensors();
        lowering._writer.Write(
            path,
            lowering.CreateManifest,
            (done, total) => progress?.Report(new QuantizationEvent.Progress("write", "writing the integer program", done, total)),
            cancellationToken);
    }

    private void AddTensors()
    {
        LinearLowering.AddPacked(_writer, ArtifactNames.Embedding, WeightFormat.S8, _shape.Vocabulary, _shape.Hidden, _graph.QuantizeEmbedding);
        uint[] words = new uint[(_shape.Vocabulary + 15) / 16 * 16];
        words.AsSpan().Fill(ChannelWord.Pack(new(0, 1)));
        for (int i = 0; i < _shape.Vocabulary; i++)
        {
            words[i] = ChannelWord.Pack(_residual.EmbeddingFactors[i]);
        }

        _writer.Add(ArtifactNames.EmbeddingChannels, "U32", [words.Length], MemoryMarshal.AsBytes(words.AsSpan()).ToArray());
        ulong[] rotary = [.. _architecture.Rotary.InverseFrequencies(_architecture.HeadSize).Select(Arithmetic.RotaryTable.Increment)];
        _writer.Add(ArtifactNames.Rotary, "U64", [rotary.Length], MemoryMarshal.AsBytes(rotary.AsSpan()).ToArray());
        for (int i = 0; i < _shape.Layers; i++)
        {
            LayerLowering layer = new(_graph, i, _residual);
            layer.AddTo(_writer);
            _layers.Add(layer);
        }

        if (_graph.Prefix.Count > 0)
        {
            PrefixLowering.AddTo(_writer, _graph);
        }

        _finalNorm.AddTo(_writer, ArtifactNames.FinalNorm, ArtifactNames.FinalNormBiases);
        _head.AddTo(_writer, sharesWeights: _architecture.TiedEmbeddings);
        foreach ((string name, ReadOnlyMemory<byte> bytes) in _origin.Tokenizer?.Named ?? [])
        {
            _writer.Add(name, "U8", [bytes.Length], bytes);
        }
    }

    private ArtifactManifest CreateManifest(IReadOnlyDictionary<string, string> digests) =>
        CreateManifest(digests, [.. _layers.Select(l => l.CreateManifest())]);

    private ArtifactManifest CreateManifest(IReadOnlyDictionary<string, string> digests, IReadOnlyList<ManifestLayer> layers) => new()
    {
        FormatVersion = ArtifactManifest.VersionOf(layers, _graph.Prefix.Count > 0, _finalNorm.Form),
        ToolVersion = _origin.ToolVersion,
        Environment = _origin.Environment,
        Family = _architecture.Family,
        Precision = _graph.Precision.ToString(),
        Activations = _graph.Activations == ActivationMode.Token ? "token" : "static",
        Weights = _graph.Schemes.Default.Symmetry == WeightSymmetry.Symmetric ? "symmetric" : "asymmetric",
        Granularity = _graph.Schemes.Default.Granularity == WeightGranularity.Channel ? "channel" : "tensor",
        Recipe = _graph.Recipe.Name,
        RecipeSettings = new SortedDictionary<string, string>(_graph.Recipe.Settings.ToDictionary(), StringComparer.Ordinal),
        Findings = _graph.Recipe.Findings.Count == 0 ? null
            : [.. _graph.Recipe.Findings.Select(finding => new ManifestFinding(finding.Step, finding.Candidate, ManifestNumber.Round(finding.Loss), finding.IsChosen))],
        Learning = _graph.Recipe.Learning is not { } learning ? null
            : new(learning.Steps, learning.SkippedSteps, [.. learning.Curve.Select(point => new ManifestLearningPoint(point.Step, ManifestNumber.Round(point.Loss)))]),
        Fingerprint = _origin.Fingerprint,
        BeginOfTextId = _architecture.BeginToken,
        EndOfTextIds = _architecture.EndTokens,
        Parameters = _architecture.ParameterCount,
        Program = new()
        {
            Shape = _shape,
            ResidualScale = _residual.Step,
            ResidualBound = _residual.TotalBound,
            NormEpsilon = (int)Math.Min(int.MaxValue, Math.Round(Math.Sqrt(_architecture.NormEpsilon) / _residual.Step)),
            Norm = _finalNorm.Form,
            HeadInputBits = _headBits,
            Prefix = _graph.Prefix.Count == 0 ? null : _graph.Prefix,
            TiedHead = _architecture.TiedEmbeddings,
            Head = _head.Manifest,
            Layers = layers,
        },
        Sites = [.. _layers.SelectMany(l => l.Sites())],
        Digests = digests,
    };
}
