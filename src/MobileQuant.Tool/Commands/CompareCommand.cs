using System.CommandLine;
using MobileQuant.Evaluation;
using MobileQuant.Evaluation.Comparison;
using MobileQuant.Evaluation.Reporting;
using MobileQuant.Quantization;
using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Commands;

/// <summary><c>mobilequant compare</c>: recipes of one checkpoint side by side, on the same calibration and the same texts.</summary>
internal sealed class CompareCommand
{
    /// <summary>Shown below the help.</summary>
    public const string Examples = """
          mobilequant compare models/TinyLlama --recipes RoundToNearest,SmoothQuant-Edge --calibration calib.txt --text heldout.txt
          mobilequant compare models/TinyLlama --recipes RoundToNearest,SmoothQuant-Edge --precision W8A8,W4A8 --activations static
              --calibration calib.txt --text heldout.txt --text wikitext:wiki.test.raw --runtime SmoothQuant-Edge --state rows.jsonl
              --report report.html
        """;

    private readonly Argument<string> _checkpoint = new("checkpoint") { Description = "A GGUF file, or a Hugging Face folder: config.json, *.safetensors, tokenizer.json." };
    private readonly Option<string> _recipes = new("--recipes") { Description = "The recipes, separated by commas.", Required = true, HelpName = "names" };
    private readonly Option<string> _precisions = new("--precision") { Description = "W8A8, W4A8, W4B64A8 or W4B32A8; several separated by commas.", DefaultValueFactory = _ => "W8A8", HelpName = "WxAy,..." };
    private readonly Option<string> _activations = new("--activations") { Description = "token, static, or both separated by a comma.", DefaultValueFactory = _ => "token", HelpName = "token|static" };
    private readonly Option<string> _weights = new("--weights") { Description = "symmetric, asymmetric or default (symmetric for 8 bits, asymmetric for 4); several separated by commas.", DefaultValueFactory = _ => "default", HelpName = "grids" };
    private readonly Option<string[]> _texts = new("--text") { Description = "A text to measure on; repeatable. PROTOCOL:FILE measures this one by another protocol, such as wikitext:wiki.test.raw.", Required = true, HelpName = "file" };
    private readonly Option<string> _protocol = new("--protocol") { Description = "perplexity, wikitext, lambada or choice, as in eval.", DefaultValueFactory = _ => "perplexity", HelpName = "perplexity|wikitext|lambada|choice" };
    private readonly Option<int?> _window = new("--window") { Description = "Tokens per window of the protocols perplexity (default: 512, or the context if shorter) and wikitext (default: the context).", HelpName = "number" };
    private readonly Option<int?> _limit = new("--limit") { Description = "Most windows, pages, lines or questions of each text; default: all.", HelpName = "number" };
    private readonly Option<string> _runtime = new("--runtime") { Description = "Recipes that are measured in the integer runtime too: all, none, or names separated by commas.", DefaultValueFactory = _ => "none", HelpName = "all|none|names" };
    private readonly Option<string?> _prompts = new("--prompts") { Description = "A text file with a prompt in each line that simulation and integer runtime continue; left out: parts of the first running text.", HelpName = "file" };
    private readonly Option<string?> _state = new("--state") { Description = "Adds each finished row to this file, and takes from it those that are there: a comparison that was stopped goes on.", HelpName = "file" };
    private readonly Option<string?> _report = new("--report", "-o") { Description = "Writes the report: FILE.html, with FILE.json and FILE.md beside it.", HelpName = "file" };
    private readonly RecipeOptions _recipe = new();
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly ToolConsole _console;

    private CompareCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        CompareCommand self = new(console);
        Command command = new("compare", "Measures recipes of a checkpoint side by side: in float, simulated, and where asked for in the integer runtime.")
        {
            self._checkpoint, self._recipes, self._precisions, self._activations, self._weights, self._texts, self._protocol, self._window, self._limit, self._runtime,
            self._prompts, self._state, self._report, self._threads, self._json,
        };
        self._recipe.AddSharedTo(command);
        command.SetAction((parsed, token) => Task.Run(() => self.Run(parsed, token), token));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        ComparisonRequest request = ReadRequest(parsed);
        ReportFiles? report = parsed.GetValue(_report) is { } path ? ReportFiles.At(path) : null;
        ComparisonResult result;
        using (ConsoleProgress progress = new(_console))
        {
            result = ComparisonJob.Run(request, progress, cancellationToken);
        }

        report?.Write(ReportModel.Of(result));
        _console.Out.Write(parsed.GetValue(_json) ? ComparisonJson.Text(result) + Environment.NewLine : ComparisonMarkdown.Write(result));
        return result.IsComplete ? ExitCodes.Good : ExitCodes.Failure;
    }

    private ComparisonRequest ReadRequest(ParseResult parsed)
    {
        string checkpoint = parsed.GetRequiredValue(_checkpoint);
        string[] recipes = CommonOptions.Split(parsed.GetRequiredValue(_recipes));
        string runtime = parsed.GetRequiredValue(_runtime).Trim();
        return new()
        {
            Shared = _recipe.ReadShared(parsed, checkpoint, output: "", CommonOptions.ReadThreads(parsed, _threads)),
            Recipes = recipes,
            Precisions = [.. CommonOptions.Split(parsed.GetRequiredValue(_precisions)).Select(Precision.Parse)],
            Activations = CommonOptions.ParseList<ActivationMode>(parsed, _activations),
            Weights = CommonOptions.ParseList<WeightSymmetry>(parsed, _weights),
            Measures = ReadMeasures(parsed),
            RuntimeRecipes = runtime.Equals("all", StringComparison.OrdinalIgnoreCase) ? recipes
                : runtime.Equals("none", StringComparison.OrdinalIgnoreCase) ? []
                : CommonOptions.Split(runtime),
            PromptsPath = parsed.GetValue(_prompts) is { } prompts ? Path.GetFullPath(prompts) : null,
            StatePath = parsed.GetValue(_state),
        };
    }

    private List<TextMeasure> ReadMeasures(ParseResult parsed)
    {
        EvaluationProtocol usual = CommonOptions.Parse<EvaluationProtocol>(parsed, _protocol);
        List<TextMeasure> measures = [];
        foreach (string text in parsed.GetRequiredValue(_texts))
        {
            // Only the protocols' own names are prefixes: paths may have colons.
            int colon = text.IndexOf(':', StringComparison.Ordinal);
            EvaluationProtocol? named = colon < 0 ? null : Enum.GetValues<EvaluationProtocol>().Cast<EvaluationProtocol?>()
                .FirstOrDefault(protocol => text[..colon].Equals(protocol.ToString(), StringComparison.OrdinalIgnoreCase));
            string path = Path.GetFullPath(named is null ? text : text[(colon + 1)..]);
            measures.Add(new(named ?? usual, path, parsed.GetValue(_window), parsed.GetValue(_limit)));
        }

        return measures;
    }
}
