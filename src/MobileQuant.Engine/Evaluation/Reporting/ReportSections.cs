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

    private static ReportSection Curves(IReadOnlyList<LearningCurve> curves) => new(
        "learning",
        "Learning",
        "The loss while scales, clips and ranges were learned; each point is a mean over the steps since the one before.",
        new(
            [new("recipe"), new("step", true), new("loss", true)],
            [.. curves.SelectMany(curve => curve.Points.Select(point => (IReadOnlyList<string>)[curve.Name, point.Step.ToString(CultureInfo.InvariantCulture), Figures.Significant(point.Loss, 4)]))]))
    {
        Charts = [LineChart.Draw(new("Loss while learning", "step", "loss", IsLogarithmic: true), [.. curves.Select(curve => new ChartSeries(curve.Name, [.. curve.Points.Select(point => (point.Step, point.Loss))]))])],
        Notes = [.. curves.Where(curve => curve.SkippedSteps > 0).Select(curve => $"{curve.Name}: {curve.SkippedSteps} steps were skipped because loss or gradients were not finite.")],
        IsFolded = true,
    };

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
