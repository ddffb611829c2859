using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Sensitivity;

/// <summary>Orders the inputs of linear layers by what static 8 bits cost there.</summary>
internal static class SiteRanking
{
    /// <summary>Ranks sites: all by what they change in their own layer, the first of those by their loss.</summary>
    /// <param name="loss">Measures.</param>
    /// <param name="graph">Static, without wide sites.</param>
    /// <param name="count">How many of the order are needed; a few more are measured in full.</param>
    /// <param name="progress">Told in sites, as step <c>sensitivity</c>.</param>
    /// <param name="cancellationToken">Stops between sites.</param>
    /// <returns>The sites that were measured in full with their loss, most sensitive first.</returns>
    public static IReadOnlyList<(Site Site, double Loss)> Rank(
        CalibrationLoss loss, QuantizedGraph graph, int count, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        Site[] sites = [.. Site.Enumerate(graph.Architecture).Where(site => site.IsLinearInput)];
        int measured = Math.Min(sites.Length, count + 8);
        int done = 0;
        T Step<T>(Func<T> measure)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(new QuantizationEvent.Progress("sensitivity", "measuring each site alone", done++, sites.Length + measured));
            return measure();
        }

        IEnumerable<Site> suspects = measured == sites.Length
            ? sites
            : sites.Select(site => (Site: site, Change: Step(() => loss.ChangeOf(graph, site)))).ToArray()
                .OrderByDescending(pair => pair.Change).Take(measured).Select(pair => pair.Site);
        return [.. suspects.Select(site => (Site: site, Loss: Step(() => loss.Of(graph, site)))).ToArray().OrderByDescending(pair => pair.Loss)];
    }
}
