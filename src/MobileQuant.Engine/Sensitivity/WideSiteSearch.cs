using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Sensitivity;

/// <summary>Takes sites from the most sensitive down, each kept only when it lowers the loss of the whole by enough.</summary>
internal static class WideSiteSearch
{
    /// <summary>A site pays when it takes this share of the loss away: 16 such sites take 15 %.</summary>
    private const double LeastGain = 0.01;

    /// <summary>The search ends when this many sites in a row did not pay.</summary>
    private const int MostIdle = 4;

    /// <summary>Searches.</summary>
    /// <param name="loss">Measures.</param>
    /// <param name="graph">Makes a graph with some wide sites.</param>
    /// <param name="ranked">Most sensitive first.</param>
    /// <param name="budget">Most sites.</param>
    /// <param name="findings">Receives every site that was tried.</param>
    /// <param name="progress">Told in sites, as step <c>wide</c>.</param>
    /// <param name="cancellationToken">Stops between sites.</param>
    /// <returns>The sites.</returns>
    public static HashSet<Site> Search(
        CalibrationLoss loss,
        Func<IReadOnlySet<Site>, QuantizedGraph> graph,
        IReadOnlyList<Site> ranked,
        int budget,
        List<Finding> findings,
        IProgress<QuantizationEvent>? progress,
        CancellationToken cancellationToken)
    {
        HashSet<Site> chosen = [];
        double least = loss.Of(graph(chosen));
        int idle = 0;
        for (int i = 0; i < ranked.Count && chosen.Count < budget && idle < MostIdle; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(new QuantizationEvent.Progress("wide", "choosing the inputs that keep 16 bits", i, ranked.Count));
            HashSet<Site> candidate = [.. chosen, ranked[i]];
            double with = loss.Of(graph(candidate));
            bool pays = with < least * (1 - LeastGain);
            findings.Add(new("wide", ranked[i].ToString(), with, pays));
            idle = pays ? 0 : idle + 1;
            if (pays)
            {
                (chosen, least) = (candidate, with);
            }
        }

        return chosen;
    }
}
