using System.Globalization;
using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Sensitivity;

/// <summary>Widens sites from the most sensitive down, in growing steps, as long as a step pays.</summary>
internal static class WideSiteSearch
{
    /// <summary>A step pays when each of its sites takes this share of the loss away, on average: 16 such sites take 15 %.</summary>
    private const double LeastGain = 0.01;

    /// <summary>Searches.</summary>
    /// <param name="loss">Measures.</param>
    /// <param name="graph">Makes a graph with some wide sites.</param>
    /// <param name="ranked">Most sensitive first, as many as there may be.</param>
    /// <param name="findings">Receives every number that was tried.</param>
    /// <param name="progress">Told in sites, as step <c>wide</c>.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    /// <returns>The sites.</returns>
    public static HashSet<Site> Search(
        CalibrationLoss loss,
        Func<IReadOnlySet<Site>, QuantizedGraph> graph,
        IReadOnlyList<Site> ranked,
        List<Finding> findings,
        IProgress<QuantizationEvent>? progress,
        CancellationToken cancellationToken)
    {
        List<(int Count, double Loss)> tried = [];
        foreach (int count in Sizes(ranked.Count))
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(new QuantizationEvent.Progress("wide", "choosing the inputs that keep 16 bits", count, ranked.Count));
            tried.Add((count, loss.Of(graph(ranked.Take(count).ToHashSet()))));
        }

        // Every larger number is compared, not the next alone: what several sites cost together may show when the last is wide.
        (int Count, double Loss) best = tried[0];
        foreach ((int Count, double Loss) next in tried)
        {
            best = next.Loss < best.Loss * Math.Pow(1 - LeastGain, next.Count - best.Count) ? next : best;
        }

        findings.AddRange(tried.Select(step => new Finding("wide", step.Count.ToString(CultureInfo.InvariantCulture), step.Loss, step == best)));
        return [.. ranked.Take(best.Count)];
    }

    /// <summary>0, 1, 2, 4, 6, 8, 12, 16, 24, 32, ... and the largest.</summary>
    private static IEnumerable<int> Sizes(int largest)
    {
        for (int size = 0; size < largest; size += size < 2 ? 1 : Math.Max(2, 1 << (int.Log2(size) - 1)))
        {
            yield return size;
        }

        yield return largest;
    }
}
