using System.CommandLine;
using System.Diagnostics;
using MobileQuant.Hardening;
using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Commands;

/// <summary><c>mobilequant harden</c>: a checkpoint that computes the same and is hard to quantize, to test recipes with.</summary>
internal sealed class HardenCommand
{
    /// <summary>Shown below the help.</summary>
    public const string Examples = """
          mobilequant harden models/TinyLlama -o models/TinyLlama-hard
          mobilequant harden models/TinyLlama -o models/TinyLlama-hard --share 0.02 --max-factor 256 --seed 7
        """;

    private static readonly HardeningOptions Defaults = new();

    private readonly Argument<string> _checkpoint = new("checkpoint") { Description = "A Hugging Face folder: config.json, *.safetensors, tokenizer.json." };
    private readonly Option<string> _output = new("--output", "-o") { Description = "The folder to make; must not exist, or be empty.", Required = true, HelpName = "folder" };
    private readonly Option<int> _seed = new("--seed") { Description = "Seed of which channels become loud, and how loud.", DefaultValueFactory = _ => Defaults.Seed, HelpName = "number" };
    private readonly Option<double> _share = new("--share") { Description = "Share of each producer's channels that become loud; at least one does.", DefaultValueFactory = _ => Defaults.Share, HelpName = "share" };
    private readonly Option<int> _minimum = new("--min-factor") { Description = "The smallest factor, a power of two.", DefaultValueFactory = _ => Defaults.MinimumFactor, HelpName = "number" };
    private readonly Option<int> _maximum = new("--max-factor") { Description = "The largest factor, a power of two.", DefaultValueFactory = _ => Defaults.MaximumFactor, HelpName = "number" };
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly ToolConsole _console;

    private HardenCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        HardenCommand self = new(console);
        Command command = new("harden", "Writes a variant of a checkpoint that computes the same function and has outlier channels: powers of two on channels of norms and up, divided out of their consumers.")
        {
            self._checkpoint, self._output, self._seed, self._share, self._minimum, self._maximum, self._json,
        };
        command.SetAction((parsed, token) => Task.Run(() => self.Run(parsed, token), token));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        Stopwatch clock = Stopwatch.StartNew();
        HardeningOptions options = new()
        {
            Seed = parsed.GetValue(_seed),
            Share = parsed.GetValue(_share),
            MinimumFactor = parsed.GetValue(_minimum),
            MaximumFactor = parsed.GetValue(_maximum),
        };
        HardeningResult result;
        using (ConsoleProgress progress = new(_console))
        {
            result = HardeningJob.Run(parsed.GetRequiredValue(_checkpoint), parsed.GetRequiredValue(_output), options, progress, cancellationToken);
        }

        double seconds = Math.Round(clock.Elapsed.TotalSeconds, 3);
        if (parsed.GetValue(_json))
        {
            HardenResult shape = new(
                result.OutputPath, result.Bytes, options.Seed, options.Share, options.MinimumFactor, options.MaximumFactor, result.Pairs, result.LoudChannels, seconds);
            _console.Out.WriteLine(ToolJson.Text(shape, ToolJson.Indented.HardenResult));
        }
        else
        {
            _console.Out.WriteLine(FormattableString.Invariant($"{result.OutputPath}: {Units.Bytes(result.Bytes)} in {seconds:0.0} s, {result.LoudChannels} channels of {result.Pairs} pairs are {options.MinimumFactor} to {options.MaximumFactor} times as loud"));
        }

        return ExitCodes.Good;
    }
}
