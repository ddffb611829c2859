using System.CommandLine;
using System.Diagnostics;
using MobileQuant.Evaluation;
using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Commands;

/// <summary><c>mobilequant eval</c>: perplexity or accuracy of a float checkpoint, its simulation, or an artifact.</summary>
internal sealed class EvalCommand
{
    /// <summary>Shown below the help.</summary>
    public const string Examples = """
          mobilequant eval models/TinyLlama --text heldout.txt
          mobilequant eval tiny.mq.safetensors --text heldout.txt --window 256 --json
          mobilequant eval tiny.mq.safetensors --text wiki.test.raw --protocol wikitext
          mobilequant eval tiny.mq.safetensors --text lambada_test.jsonl --protocol lambada --limit 500
          mobilequant eval tiny.mq.safetensors --text questions.jsonl --protocol choice
          mobilequant eval models/TinyLlama --text heldout.txt --simulate --precision W4A8
          mobilequant eval tiny.mq.safetensors --text heldout.txt --reference models/TinyLlama --max-perplexity-increase 10%
        """;

    private readonly Argument<string> _model = new("model") { Description = "A checkpoint: folder or GGUF file (evaluated in float), or a .mq.safetensors file (evaluated in integers)." };
    private readonly Option<string> _text = new("--text") { Description = "The text to evaluate on.", Required = true, HelpName = "file" };
    private readonly Option<int?> _window = new("--window") { Description = "Tokens per window of the protocols perplexity (default: 512, or the context if shorter) and wikitext (default: the context).", HelpName = "number" };
    private readonly Option<string> _protocol = new("--protocol") { Description = "perplexity: windows of one text. wikitext: word perplexity by documents. lambada: accuracy of each line's last token. choice: accuracy of choosing among each line's answers.", DefaultValueFactory = _ => "perplexity", HelpName = "perplexity|wikitext|lambada|choice" };
    private readonly Option<int?> _limit = new("--limit") { Description = "Most windows, pages, lines or questions; default: all.", HelpName = "number" };
    private readonly Option<bool> _simulate = new("--simulate") { Description = "Quantize the checkpoint by the options below and evaluate that in float arithmetic." };
    private readonly Option<string?> _reference = new("--reference") { Description = "The checkpoint that an artifact was made of: its perplexity in float, and signal to noise, are measured too.", HelpName = "checkpoint" };
    private readonly QualityOptions _quality = new();
    private readonly RecipeOptions _recipe = new();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly ToolConsole _console;

    private EvalCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        EvalCommand self = new(console);
        Command command = new("eval", "Measures perplexity or accuracy of a checkpoint or an artifact on a text.")
        {
            self._model, self._text, self._window, self._protocol, self._limit, self._threads, self._json, self._simulate, self._reference,
        };
        self._quality.AddTo(command);
        self._recipe.AddTo(command);
        command.SetAction((parsed, token) => Task.Run(() => self.Run(parsed, token), token));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        string model = parsed.GetRequiredValue(_model);
        string text = parsed.GetRequiredValue(_text);
        int threads = CommonOptions.ReadThreads(parsed, _threads);
        EvaluationRequest request = new()
        {
            ModelPath = Path.GetFullPath(model),
            TextPath = Path.GetFullPath(text),
            Protocol = CommonOptions.Parse<EvaluationProtocol>(parsed, _protocol),
            Window = parsed.GetValue(_window),
            Limit = parsed.GetValue(_limit),
            Threads = threads,
            ReferencePath = parsed.GetValue(_reference) is { } reference ? Path.GetFullPath(reference) : null,
            Limits = _quality.Read(parsed),
            Simulation = parsed.GetValue(_simulate) ? _recipe.Read(parsed, model, output: "", threads) : null,
        };
        Stopwatch clock = Stopwatch.StartNew();
        EvaluationResult result;
        using (ConsoleProgress progress = new(_console))
        {
            result = EvaluationJob.Run(request, progress, cancellationToken);
        }

        Print(model, text, request.Protocol, result, clock.Elapsed, parsed.GetValue(_json));
        return ExitCodes.Good;
    }

    private void Print(string model, string text, EvaluationProtocol protocol, EvaluationResult result, TimeSpan elapsed, bool json)
    {
        EvaluationOutput output = new()
        {
            Model = model,
            Kind = CommonOptions.NameOf(result.Kind),
            Text = text,
            Protocol = CommonOptions.NameOf(protocol),
            Window = result.Window,
            Tokens = result.Tokens,
            Perplexity = result.Perplexity,
            WordPerplexity = result.WordPerplexity,
            Accuracy = result.Accuracy,
            NormalizedAccuracy = result.NormalizedAccuracy,
            Questions = result.Questions,
            Seconds = Math.Round(elapsed.TotalSeconds, 3),
            Quality = result.Quality is { } quality ? QualityResult.Of(quality) : null,
        };
        if (json)
        {
            _console.Out.WriteLine(ToolJson.Text(output, ToolJson.Indented.EvaluationOutput));
            return;
        }

        string measure = protocol switch
        {
            EvaluationProtocol.Wikitext => FormattableString.Invariant($"word perplexity {result.WordPerplexity:0.####} (per token {result.Perplexity:0.####})"),
            EvaluationProtocol.Lambada => FormattableString.Invariant($"accuracy of the last token {result.Accuracy:0.####}"),
            EvaluationProtocol.Choice => FormattableString.Invariant($"accuracy {result.Accuracy:0.####}, per character {result.NormalizedAccuracy:0.####}, {result.Questions} questions"),
            _ => FormattableString.Invariant($"perplexity {result.Perplexity:0.####} in windows of {result.Window}"),
        };
        _console.Out.WriteLine(FormattableString.Invariant($"{model} ({output.Kind}): {measure}, {result.Tokens} tokens of {text}, {output.Seconds:0.0} s"));
        if (result.Quality is { Perplexity: { } perplexity } measured && measured.WorstSites.FirstOrDefault() is { } worst)
        {
            _console.Out.WriteLine(FormattableString.Invariant($"float: perplexity {perplexity.Reference:0.####}, {perplexity.Increase * 100:+0.00;-0.00;0.00} % over it; worst site {worst.Site} {worst.Decibels:0.0} dB"));
        }
    }
}
