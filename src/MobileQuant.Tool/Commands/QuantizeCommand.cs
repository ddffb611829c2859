using System.CommandLine;
using MobileQuant.Quantization;
using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Commands;

/// <summary><c>mobilequant quantize</c>: a checkpoint becomes an artifact, from the store when it was made before.</summary>
internal sealed class QuantizeCommand
{
    /// <summary>Shown below the help.</summary>
    public const string Examples = """
          mobilequant quantize models/TinyLlama -o tiny.mq.safetensors
          mobilequant quantize models/TinyLlama -o tiny4.mq.safetensors --precision W4A8 --calibration "calib/*.txt"
          mobilequant quantize @arguments.rsp
        """;

    private readonly Argument<string> _checkpoint = new("checkpoint") { Description = "Hugging Face folder: config.json, *.safetensors, tokenizer.json." };
    private readonly Option<string> _output = new("--output", "-o") { Description = "The artifact to write, conventionally NAME.mq.safetensors.", Required = true, HelpName = "file" };
    private readonly Option<string> _recipe = new("--recipe") { Description = "RoundToNearest, SmoothQuant or SmoothQuant-Edge.", DefaultValueFactory = _ => "SmoothQuant-Edge", HelpName = "name" };
    private readonly Option<string> _precision = new("--precision") { Description = "W8A8 or W4A8: bits of weights and of activations.", DefaultValueFactory = _ => "W8A8", HelpName = "WxAy" };
    private readonly Option<string> _activations = new("--activations") { Description = "token: a scale per token, found at run time. static: a scale per tensor, from calibration.", DefaultValueFactory = _ => "token", HelpName = "token|static" };
    private readonly Option<string> _weights = new("--weights") { Description = "Grid of the weights; default: symmetric for 8 bits, asymmetric for 4.", DefaultValueFactory = _ => "default", HelpName = "symmetric|asymmetric|default" };
    private readonly Option<string> _granularity = new("--granularity") { Description = "One weight scale per channel or per tensor.", DefaultValueFactory = _ => "channel", HelpName = "channel|tensor" };
    private readonly Option<double?> _alpha = new("--alpha") { Description = "Smoothing strength above 0 and below 1; left out: searched.", HelpName = "number" };
    private readonly Option<string[]> _calibration = new("--calibration") { Description = "Calibration text (.txt, or .jsonl with a field text); globs allowed, repeatable. Left out: text sampled from the model.", HelpName = "file", DefaultValueFactory = _ => [] };
    private readonly Option<string?> _baseDirectory = new("--base-directory") { Description = "Where relative calibration paths start; default: the current folder.", HelpName = "folder" };
    private readonly Option<int> _seed = new("--seed") { Description = "Seed of everything random.", DefaultValueFactory = _ => 1337, HelpName = "number" };
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<string?> _cacheDirectory = CommonOptions.CacheDirectory();
    private readonly Option<bool> _noCache = new("--no-cache") { Description = "Neither read nor write the store." };
    private readonly Option<bool> _force = new("--force") { Description = "Quantize even when the store has the result." };
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
            self._checkpoint, self._output, self._recipe, self._precision, self._activations, self._weights, self._granularity, self._alpha,
            self._calibration, self._baseDirectory, self._seed, self._threads, self._cacheDirectory, self._noCache, self._force, self._json,
            self._events, self._parent,
        };
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using ParentWatcher watcher = new(parsed.GetValue(_parent), cancellationToken);
        QuantizationRequest request = ReadRequest(parsed);
        if (parsed.GetValue(_events))
        {
            EventLines events = new(_console.Out);
            events.Result(await QuantizationJob.RunAsync(request, events, watcher.Token).ConfigureAwait(false));
            return ExitCodes.Good;
        }

        QuantizationResult result;
        using (ConsoleProgress progress = new(_console))
        {
            result = await QuantizationJob.RunAsync(request, progress, watcher.Token).ConfigureAwait(false);
        }

        Print(result, parsed.GetValue(_json));
        return ExitCodes.Good;
    }

    private QuantizationRequest ReadRequest(ParseResult parsed) => new()
    {
        CheckpointPath = parsed.GetRequiredValue(_checkpoint),
        OutputPath = parsed.GetRequiredValue(_output),
        Recipe = parsed.GetRequiredValue(_recipe),
        Precision = Precision.Parse(parsed.GetRequiredValue(_precision)),
        Activations = CommonOptions.Parse<ActivationMode>(parsed, _activations),
        Weights = CommonOptions.Parse<WeightSymmetry>(parsed, _weights),
        Granularity = CommonOptions.Parse<WeightGranularity>(parsed, _granularity),
        Alpha = parsed.GetValue(_alpha),
        Calibration = parsed.GetRequiredValue(_calibration),
        BaseDirectory = parsed.GetValue(_baseDirectory),
        Seed = parsed.GetValue(_seed),
        Threads = parsed.GetValue(_threads),
        CacheDirectory = parsed.GetValue(_cacheDirectory),
        UseCache = !parsed.GetValue(_noCache),
        Force = parsed.GetValue(_force),
    };

    private void Print(QuantizationResult result, bool json)
    {
        string cache = result.CacheHit ? "hit" : "miss";
        double seconds = Math.Round(result.Elapsed.TotalSeconds, 3);
        if (json)
        {
            QuantizeResult shape = new(result.OutputPath, result.Bytes, seconds, result.PeakMemoryBytes, cache, result.Fingerprint, result.MissReason);
            _console.Out.WriteLine(ToolJson.Text(shape, ToolJson.Indented.QuantizeResult));
            return;
        }

        _console.Out.WriteLine($"{result.OutputPath}: {Units.Bytes(result.Bytes)} in {seconds:0.0} s, peak memory {Units.Bytes(result.PeakMemoryBytes)}");
        _console.Out.WriteLine(result.CacheHit ? $"from the store, key {result.Fingerprint[..12]}" : $"quantized ({result.MissReason}), key {result.Fingerprint[..12]}");
    }
}
