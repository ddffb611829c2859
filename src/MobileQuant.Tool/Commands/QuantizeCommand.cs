using System.CommandLine;
using MobileQuant.Artifacts;
using MobileQuant.Evaluation.Reporting;
using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Commands;

/// <summary><c>mobilequant quantize</c>: a checkpoint becomes an artifact, from the store when it was made before.</summary>
internal sealed class QuantizeCommand
{
    /// <summary>Shown below the help.</summary>
    public const string Examples = """
          mobilequant quantize models/TinyLlama -o tiny.mq.safetensors
          mobilequant quantize models/TinyLlama -o tiny4.mq.safetensors --precision W4A8 --calibration "calib/*.txt"
          mobilequant quantize models/TinyLlama -o tiny.mq.safetensors --calibration calib.txt --report report.html
          mobilequant quantize models/TinyLlama -o tiny.mq.safetensors --evaluation-text heldout.txt --max-perplexity-increase 10%
          mobilequant quantize models/TinyLlama -o tiny.mq.safetensors --remote-cache redis://cache.example:6379/0 --require-cached
          mobilequant quantize @arguments.rsp
        """;

    private readonly Argument<string> _checkpoint = new("checkpoint") { Description = "A GGUF file, a Hugging Face folder (config.json, *.safetensors, tokenizer.json), or a package that carries one: package:Id/Version." };
    private readonly Option<string> _output = new("--output", "-o") { Description = "The artifact to write, conventionally NAME.mq.safetensors.", Required = true, HelpName = "file" };
    private readonly RecipeOptions _recipe = new();
    private readonly Option<string?> _evaluationText = new("--evaluation-text") { Description = "A text that calibration does not see: the artifact is measured on it against the float checkpoint.", HelpName = "file" };
    private readonly QualityOptions _quality = new();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly CacheOptions _cache = new();
    private readonly Option<string?> _report = new("--report") { Description = "Writes a report: FILE.html, with FILE.json and FILE.md beside it. Measures the artifact on the calibration text.", HelpName = "file" };
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly Option<bool> _events = new("--events") { Description = "Progress, messages, warnings, errors and the result as JSON lines on standard output." };
    private readonly Option<int?> _parent = new("--parent") { Description = "End when the process with this id is gone.", HelpName = "pid" };
    private readonly ToolConsole _console;

    private QuantizeCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        QuantizeCommand self = new(console);
        Command command = new("quantize", "Makes an integer-only artifact of a checkpoint, or takes it from the store when the same was made before.")
        {
            self._checkpoint, self._output, self._threads, self._report, self._json, self._events, self._parent,
        };
        self._cache.AddTo(command);
        command.Add(self._evaluationText);
        self._quality.AddTo(command);
        self._recipe.AddTo(command);
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using ParentWatcher watcher = new(parsed.GetValue(_parent), cancellationToken);
        QuantizationRequest request = ReadRequest(parsed);
        ReportFiles? report = parsed.GetValue(_report) is { } path ? ReportFiles.At(path) : null;
        if (parsed.GetValue(_events))
        {
            EventLines events = new(_console.Out);
            events.Result(await RunAsync(request, report, events, watcher.Token).ConfigureAwait(false));
            return ExitCodes.Good;
        }

        QuantizationResult result;
        using (ConsoleProgress progress = new(_console))
        {
            result = await RunAsync(request, report, progress, watcher.Token).ConfigureAwait(false);
        }

        Print(result, parsed.GetValue(_json));
        return ExitCodes.Good;
    }

    private static async Task<QuantizationResult> RunAsync(QuantizationRequest request, ReportFiles? report, IProgress<QuantizationEvent> progress, CancellationToken cancellationToken)
    {
        QuantizationResult result = await QuantizationJob.RunAsync(request, progress, cancellationToken).ConfigureAwait(false);
        if (report is { } files)
        {
            string checkpoint = result.CheckpointPath ?? throw new MobileQuantException("MQ1035", $"{request.CheckpointPath} carries an artifact and no float model to report on.", "Leave --report out, or name a package with the checkpoint.");
            files.Write(QuantizationReport.Make(request with { CheckpointPath = checkpoint }, result, progress, cancellationToken));
        }

        return result;
    }

    private QuantizationRequest ReadRequest(ParseResult parsed) =>
        _cache.Read(parsed, _recipe.Read(parsed, parsed.GetRequiredValue(_checkpoint), parsed.GetRequiredValue(_output), CommonOptions.ReadThreads(parsed, _threads))) with
        {
            EvaluationText = parsed.GetValue(_evaluationText),
            Limits = _quality.Read(parsed),
        };

    private static string NameOf(ArtifactSource source) => source == ArtifactSource.Remote ? "remote cache" : CommonOptions.NameOf(source);

    private void Print(QuantizationResult result, bool json)
    {
        string cache = result.CacheHit ? "hit" : "miss";
        double seconds = Math.Round(result.Elapsed.TotalSeconds, 3);
        using ArtifactFile? artifact = ArtifactFile.IsArtifact(result.OutputPath) ? ArtifactFile.Open(result.OutputPath) : null;
        if (json)
        {
            QuantizeResult shape = new(
                result.OutputPath, result.Bytes, seconds, result.PeakMemoryBytes, cache, CommonOptions.NameOf(result.From), result.Fingerprint, result.MissReason, artifact?.Manifest.RecipeSettings, artifact?.Manifest.Findings, artifact?.Manifest.Learning, result.Quality is { } quality ? QualityResult.Of(quality) : null);
            _console.Out.WriteLine(ToolJson.Text(shape, ToolJson.Indented.QuantizeResult));
            return;
        }

        _console.Out.WriteLine($"{result.OutputPath}: {Units.Bytes(result.Bytes)} in {seconds:0.0} s, peak memory {Units.Bytes(result.PeakMemoryBytes)}");
        _console.Out.WriteLine(result.From is { } from ? $"from the {NameOf(from)}, key {result.Fingerprint[..12]}" : $"quantized ({result.MissReason}), key {result.Fingerprint[..12]}");
        foreach (string line in FindingLines.Of(artifact?.Manifest.Findings ?? []))
        {
            _console.Out.WriteLine(line);
        }
    }
}
