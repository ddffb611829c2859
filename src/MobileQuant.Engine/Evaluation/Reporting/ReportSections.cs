using System.Globalization;
using MobileQuant.Evaluation.Reporting.Charts;
using MobileQuant.Quantization;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>Puts a report into sections, each a table with or without charts.</summary>
internal static class ReportSections
{
    /// <summary>Makes the sections; what there is nothing to tell about has none.</summary>
    public static IReadOnlyList<ReportSection> Of(ReportModel model)
    {
        List<ReportSection> sections = [Summary(model)];
        if (model.Comparison is { } comparison)
        {
            sections.Add(new("comparison", "Recipes", ComparisonTable.Describe(comparison), ComparisonTable.Of(comparison))
            {
                Charts = ComparisonCharts.Of(comparison),
                Notes = [.. ComparisonMarkdown.Notes(comparison)],
            });
        }

        if (model.Fidelity.Count > 0)
        {
            sections.Add(FidelitySection.Of(model.Fidelity));
        }

        if (model.Activations.Count > 0)
        {
            sections.Add(ActivationSection.Of(model.Activations));
        }

        if (model.Curves.Count > 0)
        {
            sections.Add(Curves(model.Curves));
        }

        if (model.Findings.Count > 0)
        {
            sections.Add(Findings(model.Findings));
        }

        if (model.Settings.Count > 0)
        {
            sections.Add(new(
                "settings",
                "Settings",
                "As used, searched and default ones included.",
                new([new("setting"), new("value")], [.. model.Settings.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (IReadOnlyList<string>)[pair.Key, pair.Value])])));
        }

        return sections;
    }

    private static ReportSection Summary(ReportModel model) =>
        new("summary", "Summary", string.Empty, new([new("what"), new("value")], [.. model.Summary.Select(fact => (IReadOnlyList<string>)[fact.Label, fact.Value])]));

    private static ReportSection Curves(IReadOnlyList<LearningCurve> curves)
    {
        string[] names = [.. curves.Select(curve => curve.Name).Distinct()];
        string[] groups = [.. curves.Select(curve => curve.Group).Distinct()];
        return new(
            "learning",
            "Learning",
            "The loss while scales, clips and ranges were learned; each point is a mean over the steps since the one before.",
            new(
                [new("grids"), new("recipe"), new("step", true), new("loss", true)],
                [.. curves.SelectMany(curve => curve.Points.Select(point => (IReadOnlyList<string>)[curve.Group, curve.Name, point.Step.ToString(CultureInfo.InvariantCulture), Figures.Significant(point.Loss, 4)]))]))
        {
            Charts =
            [
                .. groups.Select(group => LineChart.Draw(
                    new(group, "step", "loss", IsLogarithmic: true) { IsSmall = groups.Length > 1 },
                    [
                        .. curves.Where(curve => curve.Group == group)
                            .Select(curve => new ChartSeries(curve.Name, [.. curve.Points.Select(point => ((double)point.Step, point.Loss))]) { Color = Array.IndexOf(names, curve.Name) }),
                    ])),
            ],
            Notes = [.. curves.Where(curve => curve.SkippedSteps > 0).Select(curve => $"{curve.Name}, {curve.Group}: {curve.SkippedSteps} steps were skipped because loss or gradients were not finite.")],
            IsFolded = true,
        };
    }

    private static ReportSection Findings(IReadOnlyList<Finding> findings) => new(
        "findings",
        "Searches",
        "What was tried, by its divergence from the float model on calibration windows; what was taken is marked.",
        new(
            [new("search"), new("candidate"), new("divergence, nats per token", true), new("taken")],
            [.. findings.Select(finding => (IReadOnlyList<string>)[finding.Step, finding.Candidate, Figures.Significant(finding.Loss, 4), finding.IsChosen ? "yes" : ""])]))
    {
        IsFolded = findings.Count > 24,
    };
}
