using System.CommandLine;
using MobileQuant.Artifacts;
using MobileQuant.Checkpoints;
using MobileQuant.Programs;
using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Commands;

/// <summary><c>mobilequant inspect</c>: what an artifact or a checkpoint says of itself, and what it is made of.</summary>
internal sealed class InspectCommand
{
    /// <summary>Shown below the help.</summary>
    public const string Examples = """
          mobilequant inspect tiny.mq.safetensors
          mobilequant inspect tiny.mq.safetensors --sites
          mobilequant inspect tiny.mq.safetensors --verify --json
          mobilequant inspect models/tiny.gguf --tensors
        """;

    private readonly Argument<string> _model = new("model") { Description = "A .mq.safetensors file, a GGUF file or a checkpoint's folder." };
    private readonly Option<bool> _verify = new("--verify") { Description = "Compare every tensor with its SHA-256; a difference is a failure." };
    private readonly Option<bool> _sites = new("--sites") { Description = "List the quantization sites too (--json always has them)." };
    private readonly Option<bool> _tensors = new("--tensors") { Description = "List a checkpoint's tensors too (--json always has them)." };
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly ToolConsole _console;

    private InspectCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        InspectCommand self = new(console);
        Command command = new("inspect", "Shows an artifact's architecture, precision, recipe, sizes and quantization sites, or a checkpoint's metadata and tensors.")
        {
            self._model, self._verify, self._sites, self._tensors, self._json,
        };
        command.SetAction((parsed, token) => Task.Run(() => self.Run(parsed, token), token));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        string path = Path.GetFullPath(parsed.GetRequiredValue(_model));
        if (CheckpointReader.IsCheckpoint(path))
        {
            return RunCheckpoint(path, parsed);
        }

        using ArtifactFile file = ArtifactFile.Open(path);
        bool verify = parsed.GetValue(_verify);
        if (verify)
        {
            file.Verify(includeWeights: true, cancellationToken);
        }

        InspectResult result = Describe(file, verify);
        if (parsed.GetValue(_json))
        {
            _console.Out.WriteLine(ToolJson.Text(result, ToolJson.Indented.InspectResult));
        }
        else
        {
            Print(result, parsed.GetValue(_sites));
        }

        return ExitCodes.Good;
    }

    private int RunCheckpoint(string path, ParseResult parsed)
    {
        if (parsed.GetValue(_verify))
        {
            throw new MobileQuantException("MQ1001", $"{path} is a checkpoint, which holds no digests to compare.", "Leave out --verify.");
        }

        CheckpointResult result = CheckpointInspection.Describe(path);
        if (parsed.GetValue(_json))
        {
            _console.Out.WriteLine(ToolJson.Text(result, ToolJson.Indented.CheckpointResult));
        }
        else
        {
            CheckpointInspection.Print(_console.Out, result, parsed.GetValue(_tensors));
        }

        return ExitCodes.Good;
    }

    private static InspectResult Describe(ArtifactFile file, bool verified)
    {
        ArtifactManifest manifest = file.Manifest;
        long bytes = new FileInfo(file.Path).Length;
        SortedDictionary<string, long> parts = new(StringComparer.Ordinal);
        foreach (TensorEntry tensor in file.Tensors.Values)
        {
            string part = PartOf(tensor.Name);
            parts[part] = parts.GetValueOrDefault(part) + tensor.Length;
        }

        parts["header"] = bytes - file.Tensors.Values.Sum(tensor => tensor.Length);
        ManifestProgram program = manifest.Program;
        return new(
            file.Path,
            bytes,
            manifest.FormatVersion,
            manifest.ToolVersion,
            manifest.Environment,
            manifest.Family,
            manifest.Parameters,
            Math.Round((bytes - parts.GetValueOrDefault("tokenizer")) * 8.0 / Math.Max(1, manifest.Parameters), 3),
            manifest.Precision,
            manifest.Activations,
            manifest.Weights,
            manifest.Granularity,
            FormatsOf(program),
            manifest.Recipe,
            manifest.RecipeSettings,
            manifest.Findings,
            program.Prefix,
            manifest.Fingerprint,
            program.Shape,
            program.TiedHead,
            program.HeadInputBits,
            program.ResidualScale,
            program.ResidualBound,
            manifest.BeginOfTextId,
            manifest.EndOfTextIds,
            file.Tensors.Count,
            parts,
            manifest.Sites,
            verified ? true : null);
    }

    /// <summary>By layout and linear layer: in how many decoder layers.</summary>
    private static SortedDictionary<string, IReadOnlyDictionary<string, int>> FormatsOf(ManifestProgram program) => new(
        program.Layers.SelectMany(layer => layer.Linears).GroupBy(linear => linear.Value.Format.ToString()).ToDictionary(
            format => format.Key,
            format => (IReadOnlyDictionary<string, int>)ArtifactNames.Linears
                .Where(name => format.Any(linear => linear.Key == name))
                .ToDictionary(name => name, name => format.Count(linear => linear.Key == name))),
        StringComparer.Ordinal);

    private static string Show(KeyValuePair<string, IReadOnlyDictionary<string, int>> format, int layers) =>
        $"{format.Key} {string.Join(", ", format.Value.Select(linear => linear.Value == layers ? linear.Key : $"{linear.Key} in {linear.Value} of {layers}"))}";

    private static string PartOf(string tensor) =>
        tensor is ArtifactNames.Tokenizer or ArtifactNames.TokenizerConfig or ArtifactNames.ChatTemplate ? "tokenizer"
        : tensor.StartsWith("embedding.", StringComparison.Ordinal) ? "embedding"
        : tensor.StartsWith(ArtifactNames.Head + ".", StringComparison.Ordinal) ? "head"
        : tensor.StartsWith("filler.", StringComparison.Ordinal) ? "padding"
        : tensor.Contains(".mlp.", StringComparison.Ordinal) ? "mlp"
        : tensor.Contains(".attention.", StringComparison.Ordinal) ? "attention"
        : "other";

    private void Print(InspectResult result, bool sites)
    {
        ProgramShape shape = result.Shape;
        TextWriter o = _console.Out;
        o.WriteLine($"{result.Path}");
        o.WriteLine(FormattableString.Invariant($"  size         {Units.Bytes(result.Bytes)}, {result.BitsPerParameter:0.00} bits per parameter without the tokenizer"));
        o.WriteLine(FormattableString.Invariant($"  model        {result.Family}, {result.Parameters:N0} parameters"));
        o.WriteLine($"  shape        {shape.Layers} layers, {shape.Hidden} wide, {shape.Heads} heads of {shape.HeadSize} ({shape.KeyValueHeads} key-value), MLP {shape.FeedForward}, vocabulary {shape.Vocabulary}, context {shape.Context}{(result.TiedHead ? ", tied head" : "")}");
        o.WriteLine($"  precision    {result.Precision}, activations {result.Activations}, weights {result.Weights} per {result.Granularity}, head input {result.HeadInputBits} bits");
        if (result.Formats.Count > 1)
        {
            o.WriteLine($"  formats      {string.Join("; ", result.Formats.Select(format => Show(format, shape.Layers)))}");
        }

        o.WriteLine($"  recipe       {result.Recipe}{string.Concat(result.RecipeSettings.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $", {s.Key} {s.Value}"))}");
        if (result.Prefix is { } prefix)
        {
            o.WriteLine($"  prefix       tokens {string.Join(", ", prefix)} are stored in front of every session");
        }

        foreach (string line in FindingLines.Of(result.Findings ?? []))
        {
            o.WriteLine(line);
        }

        o.WriteLine(FormattableString.Invariant($"  residual     one code is {result.ResidualScale:G6}, bound {result.ResidualBound} of 2147483647"));
        o.WriteLine($"  fingerprint  {(result.Fingerprint.Length > 0 ? result.Fingerprint : "none")}");
        o.WriteLine($"  written by   mobilequant {result.ToolVersion}, format {result.FormatVersion}{(result.Verified == true ? "; every tensor matches its digest" : "")}");
        if (result.Environment is { } environment)
        {
            o.WriteLine($"  made on      {environment.Processor} ({string.Join(", ", environment.Instructions)}), {environment.Platform}, {environment.Device}");
            o.WriteLine($"  made with    TorchSharp {environment.TorchSharp}, libtorch {environment.Libtorch}, {environment.Runtime}");
        }

        o.WriteLine($"  parts        {string.Join(", ", result.Parts.OrderByDescending(part => part.Value).Select(part => $"{part.Key} {Units.Bytes(part.Value)}"))}");
        o.WriteLine($"  sites        {result.Sites.Count}{(sites ? ":" : " (list them with --sites)")}");
        foreach (ManifestSite site in sites ? result.Sites : [])
        {
            string scale = site.Scale == 0 ? "per token" : FormattableString.Invariant($"scale {site.Scale:G6} zero {site.ZeroPoint}");
            o.WriteLine(FormattableString.Invariant($"    {site.Name,-34} {site.Bits,2} bits  {scale,-30} [{site.Minimum:G5}, {site.Maximum:G5}]"));
        }
    }
}
