using System.Diagnostics;
using System.Globalization;
using MobileQuant.Evaluation;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Rounding;

namespace MobileQuant.Bench;

/// <summary>What recipes and precisions cost a model: perplexity of the simulation over that of the float model, as a table.</summary>
internal static class QualityBenchmark
{
    private static readonly (string Recipe, string Precision, ActivationMode Activations, RoundingMode Rounding)[] s_rows =
    [
        ("RoundToNearest", "W8A8", ActivationMode.Token, RoundingMode.Default),
        (RecipeCatalog.Auto, "W8A8", ActivationMode.Token, RoundingMode.Default),
        ("Rotated", "W8A8", ActivationMode.Token, RoundingMode.Default),
        ("Rotated", "W8A8", ActivationMode.Token, RoundingMode.ErrorFeedback),
        (RecipeCatalog.Auto, "W8A8", ActivationMode.Static, RoundingMode.Default),
        ("RoundToNearest", "W4A8", ActivationMode.Token, RoundingMode.Default),
        (RecipeCatalog.Auto, "W4A8", ActivationMode.Token, RoundingMode.Default),
        ("RoundToNearest", "W4B64A8", ActivationMode.Token, RoundingMode.Default),
        ("SmoothQuant-Edge", "W4B64A8", ActivationMode.Token, RoundingMode.ErrorFeedback),
        (RecipeCatalog.Auto, "W4B64A8", ActivationMode.Token, RoundingMode.Nearest),
        (RecipeCatalog.Auto, "W4B64A8", ActivationMode.Token, RoundingMode.Default),
        (RecipeCatalog.Auto, "W4B32A8", ActivationMode.Token, RoundingMode.Default),
    ];

    /// <summary>Prints the table.</summary>
    /// <param name="arguments">Checkpoint, text, calibration text, and how many windows of the text (default 96).</param>
    /// <returns>The exit code.</returns>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        if (arguments.Length is < 3 or > 4)
        {
            Console.Error.WriteLine("usage: MobileQuant.Bench quality CHECKPOINT TEXT CALIBRATION [windows]");
            return 2;
        }

        string checkpoint = Path.GetFullPath(arguments[0]);
        string calibration = Path.GetFullPath(arguments[2]);
        EvaluationRequest request = new()
        {
            ModelPath = checkpoint,
            TextPath = Path.GetFullPath(arguments[1]),
            Limit = arguments.Length > 3 ? int.Parse(arguments[3], CultureInfo.InvariantCulture) : 96,
        };
        double reference = EvaluationJob.Run(request).Perplexity!.Value;
        Print($"float: {reference:0.0000} on {request.Limit} windows");
        Print($"{"recipe",-17} {"precision",-9} {"activations",-11} {"rounding",-13} {"perplexity",10} {"over float",10} {"seconds",8}");
        foreach ((string recipe, string precision, ActivationMode activations, RoundingMode rounding) in s_rows)
        {
            Stopwatch clock = Stopwatch.StartNew();
            QuantizationRequest quantization = new()
            {
                CheckpointPath = checkpoint,
                OutputPath = string.Empty,
                Recipe = recipe,
                Precision = Precision.Parse(precision),
                Activations = activations,
                Rounding = rounding,
                Calibration = [calibration],
            };
            double perplexity = EvaluationJob.Run(request with { Simulation = quantization }).Perplexity!.Value;
            Print($"{recipe,-17} {precision,-9} {activations,-11} {rounding,-13} {perplexity,10:0.0000} {(perplexity / reference) - 1,10:0.00 %} {clock.Elapsed.TotalSeconds,8:0}");
        }

        return 0;
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
