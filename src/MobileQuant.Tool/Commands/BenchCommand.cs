using System.CommandLine;
using System.Diagnostics;
using MobileQuant.Benchmarking;
using MobileQuant.Quantization;
using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Commands;

/// <summary><c>mobilequant bench</c>: tokens per second against what the memory allows.</summary>
internal sealed class BenchCommand
{
    /// <summary>Shown below the help.</summary>
    public const string Examples = """
          mobilequant bench tiny.mq.safetensors --prompt-tokens 128 --new-tokens 64
          mobilequant bench --shape tinyllama-1.1b --precision W4A8 --threads 2 --json
          mobilequant bench --shape 768x12
        """;

    private readonly Argument<string?> _artifact = new("artifact") { Description = "A .mq.safetensors file; left out with --shape.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _shape = new("--shape") { Description = "Time a model of random weights instead.", HelpName = "tinyllama-1.1b|HIDDENxLAYERS[xHEADSxKVHEADSxFFNxVOCAB]" };
    private readonly Option<string> _precision = new("--precision") { Description = "Precision of the random model: W8A8, W4A8, W4B64A8 or W4B32A8.", DefaultValueFactory = _ => "W8A8", HelpName = "WxAy" };
    private readonly Option<int> _promptTokens = new("--prompt-tokens") { Description = "Tokens that are run together.", DefaultValueFactory = _ => 128, HelpName = "number" };
    private readonly Option<int> _newTokens = new("--new-tokens") { Description = "Tokens that are run one by one.", DefaultValueFactory = _ => 64, HelpName = "number" };
    private readonly Option<int> _repeats = new("--repeats") { Description = "Runs; medians are reported.", DefaultValueFactory = _ => 5, HelpName = "number" };
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly ToolConsole _console;

    private BenchCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        BenchCommand self = new(console);
        Command command = new("bench", "Times an artifact, or a random model of a shape: prefill and decode, memory, and the share of the memory's bandwidth.")
        {
            self._artifact, self._shape, self._precision, self._promptTokens, self._newTokens, self._repeats, self._threads, self._json,
        };
        command.SetAction((parsed, token) => Task.Run(() => self.Run(parsed, token), token));
        return command;
    }

    private static int AtLeastOne(ParseResult parsed, Option<int> option) => parsed.GetValue(option) is var value and >= 1
        ? value
        : throw new MobileQuantException("MQ1003", $"{option.Name} is {parsed.GetValue(option)}; expected 1 or more.", "Use a positive number.");

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        string? artifact = parsed.GetValue(_artifact);
        string? shape = parsed.GetValue(_shape);
        if (artifact is null == shape is null)
        {
            throw new MobileQuantException("MQ1007", "bench needs an artifact or --shape, and not both.", "See `mobilequant bench --help`.");
        }

        int promptTokens = AtLeastOne(parsed, _promptTokens);
        int newTokens = AtLeastOne(parsed, _newTokens);
        int repeats = AtLeastOne(parsed, _repeats);
        int threads = CommonOptions.ReadThreads(parsed, _threads);
        Precision precision = Precision.Parse(parsed.GetRequiredValue(_precision));
        BenchResult result;
        using (ConsoleProgress progress = new(_console))
        {
            progress.Report(new QuantizationEvent.Progress("load", artifact ?? shape!, 0, 0));
            long start = Stopwatch.GetTimestamp();
            using QuantizedModel model = artifact is not null ? QuantizedModel.Open(Path.GetFullPath(artifact)) : RandomModel.Create(ModelShape.Parse(shape!), precision.WeightBits, precision.BlockSize);
            using GenerationSession session = model.CreateSession(new SessionOptions { Threads = threads });
            double loadSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            BenchRun run = BenchRun.Measure(session, promptTokens, newTokens, repeats, progress, cancellationToken);
            result = Describe(artifact ?? shape!, model.Manifest?.Precision ?? precision.ToString(), model, session, run, loadSeconds);
        }

        Print(result, parsed.GetValue(_json));
        return ExitCodes.Good;
    }

    private static BenchResult Describe(string name, string precision, QuantizedModel model, GenerationSession session, BenchRun run, double loadSeconds)
    {
        using Process process = Process.GetCurrentProcess();
        long resident = process.WorkingSet64;
        long peak = Math.Max(process.PeakWorkingSet64, resident);
        double bandwidth = MemoryBandwidth.MeasureReadGBps(session.Threads);
        double averagePosition = run.PromptTokens + (run.NewTokens / 2.0);
        long bytesPerToken = model.WeightBytesPerToken + (long)(model.CacheBytesPerPosition * averagePosition);
        double gigabytes = bytesPerToken * run.DecodeTokensPerSecond / 1e9;
        return new(
            name,
            precision,
            run.PromptTokens,
            run.NewTokens,
            run.Repeats,
            session.Threads,
            session.KernelPath,
            Math.Round(run.PrefillTokensPerSecond, 2),
            Math.Round(run.DecodeTokensPerSecond, 2),
            Math.Round(run.AllocatedBytesPerToken, 1),
            Math.Round(loadSeconds, 4),
            resident,
            peak,
            bytesPerToken,
            Math.Round(gigabytes, 3),
            Math.Round(bandwidth, 2),
            Math.Round(gigabytes / bandwidth, 4));
    }

    private void Print(BenchResult result, bool json)
    {
        if (json)
        {
            _console.Out.WriteLine(ToolJson.Text(result, ToolJson.Indented.BenchResult));
            return;
        }

        TextWriter o = _console.Out;
        o.WriteLine($"{result.Model}, {result.Precision}, {result.KernelPath}, {result.Threads} threads, median of {result.Repeats}");
        o.WriteLine(FormattableString.Invariant($"  prefill   {result.PrefillTokensPerSecond,10:0.0} tokens/s   ({result.PromptTokens} tokens)"));
        o.WriteLine(FormattableString.Invariant($"  decode    {result.DecodeTokensPerSecond,10:0.0} tokens/s   ({result.NewTokens} tokens, {result.AllocatedBytesPerToken:0.#} bytes allocated per token)"));
        o.WriteLine(FormattableString.Invariant($"  bandwidth {result.DecodeGBps,10:0.00} GB/s       ({Units.Bytes(result.BytesPerToken)} per token; {result.BandwidthShare * 100:0} % of the {result.ReadBandwidthGBps:0.0} GB/s that this machine reads)"));
        o.WriteLine(FormattableString.Invariant($"  memory    {Units.Bytes(result.ResidentBytes),10} resident, {Units.Bytes(result.PeakMemoryBytes)} at most; loaded in {result.LoadSeconds:0.000} s"));
    }
}
