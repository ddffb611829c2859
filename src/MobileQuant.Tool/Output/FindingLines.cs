using MobileQuant.Artifacts;

namespace MobileQuant.Tool.Output;

/// <summary>What searches tried, for people: a line per search, the best first where it took several, chosen ones marked.</summary>
internal static class FindingLines
{
    private const int MostShown = 8;

    /// <summary>The lines.</summary>
    public static IEnumerable<string> Of(IReadOnlyList<ManifestFinding> findings)
    {
        foreach (IGrouping<string, ManifestFinding> step in findings.GroupBy(finding => finding.Step))
        {
            ManifestFinding[] all = [.. step];
            IEnumerable<string> shown = all.Take(MostShown).Select(f => FormattableString.Invariant($"{f.Candidate}{(f.Chosen ? "*" : "")} {f.Loss:0.00000}"));
            string rest = all.Length > MostShown ? $", and {all.Length - MostShown} more (--json lists all)" : string.Empty;
            yield return $"  {step.Key,-12} {string.Join(", ", shown)}{rest}";
        }
    }
}
