using System.Globalization;
using MobileQuant.Calibration;
using MobileQuant.Evaluation.Reporting;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Rounding;

namespace MobileQuant.Evaluation.Quality;

/// <summary>What could be changed when the quality gate fails, most promising first: from where the loss lies, and from what the request does not use yet.</summary>
internal static class QualitySuggestions
{
    private const int MostSuggested = 5;
    private const int MostNamed = 6;

    // One bit less than the typical branch has.
    private const double WeakDecibels = 6;

    // A token of English text has about four bytes.
    private const int BytesPerToken = 4;

    private const string OutputBranch = ".attention.o.output";
    private const string DownBranch = ".mlp.down.output";
    private const string Output = ".output";

    /// <summary>The suggestions as one text.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="measurement">What was measured.</param>
    public static string Text(QuantizationRequest request, QualityMeasurement measurement)
    {
        IReadOnlyList<string> weak = WeakBranches(measurement);
        string[] suggestions = [.. All(request, weak).Take(MostSuggested)];
        string where = weak.Count == 0
            ? "The loss is spread over the layers."
            : $"The loss is concentrated: {string.Join(", ", weak.Select(branch => branch + Output))} {(weak.Count == 1 ? "lies" : "lie")} {WeakDecibels:0} dB (one bit) or more below the typical branch.";
        return suggestions.Length == 0
            ? $"{where} Nothing is left that usually helps at {request.Precision}: allow what was measured, or use another precision."
            : $"{where} Try, in this order: {string.Join("; ", suggestions)}.";
    }

    /// <summary>The branches that are clearly worse than the others, worst first, as names of linear layers: layers.3.mlp.down.</summary>
    internal static IReadOnlyList<string> WeakBranches(QualityMeasurement measurement)
    {
        FidelityPoint[] branches = [.. measurement.WorstSites.Where(site => site.Site.EndsWith(OutputBranch, StringComparison.Ordinal) || site.Site.EndsWith(DownBranch, StringComparison.Ordinal))];
        return branches.Length == 0
            ? []
            : [.. branches.TakeWhile(site => !(site.Decibels > branches[branches.Length / 2].Decibels - WeakDecibels)).Take(MostNamed).Select(site => site.Site[..^Output.Length])];
    }

    private static IEnumerable<string> All(QuantizationRequest request, IReadOnlyList<string> weak) =>
    [
        .. Static(request, weak),
        .. Weights(request, weak),
        .. Recipe(request),
        .. Calibration(request),
    ];

    private static IEnumerable<string> Static(QuantizationRequest request, IReadOnlyList<string> weak)
    {
        if (request.Activations != ActivationMode.Static)
        {
            yield break;
        }

        if (request.WideSites.IsSearched)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"more wide sites (WideSites=auto:{2 * Math.Max(1, request.WideSites.Count)})");
        }
        else if (weak.Count > 0)
        {
            IEnumerable<string> known = request.WideSites.Patterns.Split(';', StringSplitOptions.RemoveEmptyEntries);
            yield return $"16 bits where most is lost (WideSites={string.Join("; ", known.Union(weak.Select(branch => branch + ".input")))})";
        }
        else
        {
            yield return "16 bits for the inputs where they pay (WideSites=auto)";
        }

        yield return "scales per token instead of static ones (Activations=token)";
        if (request.Prefix == SinkPrefix.None)
        {
            yield return "tokens in front that take massive activations (Prefix=auto)";
        }
    }

    private static IEnumerable<string> Weights(QuantizationRequest request, IReadOnlyList<string> weak)
    {
        if (request.Granularity == WeightGranularity.Tensor)
        {
            yield return "weight scales per channel (Granularity=channel)";
        }

        if (request.Precision.WeightBits == 8)
        {
            yield break;
        }

        string given = request.Overrides.IsEmpty ? string.Empty : request.Overrides.ToString();
        string[] more = [.. weak.Select(branch => branch + "=W8").Where(one => !given.Contains(one, StringComparison.Ordinal))];
        if (more.Length > 0)
        {
            yield return $"8 bits for the weights where most is lost (Overrides={string.Join("; ", given.Length == 0 ? more : more.Prepend(given))})";
        }

        Precision finer = request.Precision.BlockSize switch
        {
            0 => Precision.W4B64A8,
            64 => Precision.W4B32A8,
            _ => Precision.W8A8,
        };
        yield return request.Precision.BlockSize == 0 ? $"block scales (Precision={finer})" : finer.WeightBits == 4 ? $"smaller blocks (Precision={finer})" : $"8-bit weights (Precision={finer})";
        if (request.Rounding == RoundingMode.Nearest)
        {
            yield return "rounding with error feedback (Rounding=errorfeedback)";
        }
    }

    private static IEnumerable<string> Recipe(QuantizationRequest request)
    {
        if (RecipeCatalog.Learns(request.Recipe))
        {
            yield return request.Settings.Steps is { } steps
                ? string.Create(CultureInfo.InvariantCulture, $"a longer learning (RecipeSettings=steps={2 * steps})")
                : "a longer learning (RecipeSettings=steps=N)";
            yield break;
        }

        bool isFour = request.Precision.WeightBits == 4;
        if (request.Recipe is "RoundToNearest" or "SmoothQuant" || (isFour && request.Recipe == "SmoothQuant-Edge"))
        {
            yield return "the recipe that is chosen for the model (Recipe=auto)";
        }

        if (request.Alpha is not null)
        {
            yield return "a searched smoothing strength (Alpha left out)";
        }

        yield return isFour ? "a recipe that learns (Recipe=MobileQuant+, minutes to an hour)"
            : request.Activations == ActivationMode.Static ? "a recipe that learns (Recipe=MobileQuant, minutes to an hour)"
            : request.Recipe != "Rotated" ? "another recipe (Recipe=Rotated)"
            : "a recipe that learns (Recipe=MobileQuant, minutes to an hour)";
    }

    private static IEnumerable<string> Calibration(QuantizationRequest request)
    {
        if (request.Calibration.Count == 0)
        {
            yield return "calibration text of the kind that the app will see (Calibration=FILE; now it is sampled from the model)";
            yield break;
        }

        long bytes = request.Calibration.Sum(path => new FileInfo(path).Length);
        long wanted = (long)CalibrationSet.DefaultWindowCount * CalibrationSet.DefaultWindowLength * BytesPerToken;
        if (bytes < wanted)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"more calibration text ({bytes / 1000} KB are given, {wanted / 1000} KB would be used)");
        }
    }
}
