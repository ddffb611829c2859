using System.Globalization;
using MobileQuant.Evaluation.Reporting.Charts;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>Ranges of activations and the channels that make them: a chart per kind of place, and a table of all.</summary>
internal static class ActivationSection
{
    private const int MostChannels = 4;

    /// <summary>Makes the section.</summary>
    public static ReportSection Of(IReadOnlyList<ActivationProfile> profiles) => new(
        "activations",
        "Activations and outlier channels",
        "Of each place the largest absolute value of its loudest channel and of its median channel: one scale for all channels has to cover both. Channels are listed with their largest absolute value over the median.",
        new(
            [new("site"), new("minimum", true), new("maximum", true), new("median channel", true), new("loudest over median", true), new("loudest channels")],
            [.. profiles.OrderByDescending(Loudness).Select(Row)]))
    {
        Charts = [.. profiles.Where(profile => profile.Layer >= 0).GroupBy(profile => profile.Place).Where(group => group.Any(profile => profile.AbsoluteMaximum > 0)).Select(Draw)],
        IsFolded = true,
    };

    private static double Loudness(ActivationProfile profile) => profile.Channels.Count == 0 || !double.IsFinite(profile.Channels[0].Ratio) ? 0 : profile.Channels[0].Ratio;

    private static IReadOnlyList<string> Row(ActivationProfile profile) =>
    [
        profile.Site,
        Figures.Significant(profile.Minimum, 4),
        Figures.Significant(profile.Maximum, 4),
        Figures.Significant(profile.MedianAbsoluteMaximum, 4),
        profile.Channels.Count == 0 ? "" : Figures.Significant(profile.Channels[0].Ratio, 3),
        string.Join(", ", profile.Channels.Take(MostChannels).Select(channel => string.Create(CultureInfo.InvariantCulture, $"{channel.Channel} ({Figures.Significant(channel.Ratio, 3)})"))),
    ];

    private static string Draw(IGrouping<string, ActivationProfile> group) => LineChart.Draw(
        new(group.Key, "layer", "largest absolute value", IsLogarithmic: true) { IsSmall = true },
        [
            new("loudest channel", [.. group.OrderBy(profile => profile.Layer).Select(profile => ((double)profile.Layer, profile.AbsoluteMaximum))]) { Color = 0 },
            new("median channel", [.. group.OrderBy(profile => profile.Layer).Select(profile => ((double)profile.Layer, profile.MedianAbsoluteMaximum))]) { Color = 1 },
        ]);
}
