using System.CommandLine;
using System.Diagnostics;
using System.Text;
using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Commands;

/// <summary><c>mobilequant run</c>: an artifact continues a prompt.</summary>
internal sealed class RunCommand
{
    /// <summary>Shown below the help.</summary>
    public const string Examples = """
          mobilequant run tiny.mq.safetensors --prompt "Once upon a time"
          mobilequant run tiny.mq.safetensors --prompt "The answer is" --temperature 0 --max-tokens 32 --json
          cat prompt.txt | mobilequant run tiny.mq.safetensors --prompt -
        """;

    private static readonly GenerationOptions Defaults = new();

    private readonly Argument<string> _artifact = new("artifact") { Description = "A .mq.safetensors file." };
    private readonly Option<string> _prompt = new("--prompt", "-p") { Description = "The text to continue; - reads standard input.", Required = true, HelpName = "text" };
    private readonly Option<int> _maxTokens = new("--max-tokens", "-n") { Description = "Largest number of new tokens.", DefaultValueFactory = _ => Defaults.MaxTokens, HelpName = "number" };
    private readonly Option<double> _temperature = new("--temperature") { Description = "0: always the likeliest token.", DefaultValueFactory = _ => Defaults.Temperature, HelpName = "number" };
    private readonly Option<int> _topK = new("--top-k") { Description = "Keep the k likeliest tokens; 0: all.", DefaultValueFactory = _ => Defaults.TopK, HelpName = "number" };
    private readonly Option<double> _topP = new("--top-p") { Description = "Keep the likeliest tokens that sum to this probability.", DefaultValueFactory = _ => Defaults.TopP, HelpName = "number" };
    private readonly Option<int> _seed = new("--seed") { Description = "The same seed gives the same text.", DefaultValueFactory = _ => Defaults.Seed, HelpName = "number" };
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly ToolConsole _console;

    private RunCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        RunCommand self = new(console);
        Command command = new("run", "Continues a prompt; the new text is streamed to standard output.")
        {
            self._artifact, self._prompt, self._maxTokens, self._temperature, self._topK, self._topP, self._seed, self._threads, self._json,
        };
        command.SetAction((parsed, token) => Task.Run(() => self.Run(parsed, token), token));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        GenerationOptions options = new()
        {
            MaxTokens = parsed.GetValue(_maxTokens),
            Temperature = parsed.GetValue(_temperature),
            TopK = parsed.GetValue(_topK),
            TopP = parsed.GetValue(_topP),
            Seed = parsed.GetValue(_seed),
        };
        options.Validate();
        string prompt = parsed.GetRequiredValue(_prompt) is var text && text == "-" ? Console.In.ReadToEnd() : text;
        bool json = parsed.GetValue(_json);
        long start = Stopwatch.GetTimestamp();
        using QuantizedModel model = QuantizedModel.Open(Path.GetFullPath(parsed.GetRequiredValue(_artifact)));
        using GenerationSession session = model.CreateSession(new SessionOptions { Threads = CommonOptions.ReadThreads(parsed, _threads) });
        double loadSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        StringBuilder whole = new();
        foreach (string piece in session.Generate(prompt, options, cancellationToken))
        {
            whole.Append(piece);
            if (!json)
            {
                _console.Out.Write(piece);
                _console.Out.Flush();
            }
        }

        Finish(session, parsed.GetRequiredValue(_artifact), whole.ToString(), loadSeconds, json);
        return ExitCodes.Good;
    }

    private void Finish(GenerationSession session, string model, string text, double loadSeconds, bool json)
    {
        GenerationStatistics statistics = session.Statistics!;
        RunResult result = new(
            model,
            text,
            statistics.PromptTokens,
            statistics.GeneratedTokens,
            StopName(statistics.StopReason),
            Math.Round(statistics.PrefillTokensPerSecond, 2),
            Math.Round(statistics.DecodeTokensPerSecond, 2),
            Math.Round(loadSeconds, 4),
            session.KernelPath,
            session.Threads);
        if (json)
        {
            _console.Out.WriteLine(ToolJson.Text(result, ToolJson.Indented.RunResult));
            return;
        }

        _console.Out.WriteLine();
        _console.Error.WriteLine(FormattableString.Invariant(
            $"[{result.NewTokens} tokens at {result.DecodeTokensPerSecond:0.0}/s after a prompt of {result.PromptTokens} at {result.PrefillTokensPerSecond:0.0}/s; {result.KernelPath}, {result.Threads} threads; stopped: {result.StopReason}]"));
    }

    private static string StopName(StopReason reason) => reason switch
    {
        StopReason.EndOfText => "endOfText",
        StopReason.MaxTokens => "maxTokens",
        StopReason.ContextFull => "contextFull",
        _ => "none",
    };
}
