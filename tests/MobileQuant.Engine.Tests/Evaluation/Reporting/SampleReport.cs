using MobileQuant.Evaluation.Comparison;
using MobileQuant.Evaluation.Reporting;
using MobileQuant.Learning;
using MobileQuant.Quantization;

namespace MobileQuant.Tests.Evaluation.Reporting;

/// <summary>A report with everything that reports can have, under any name.</summary>
internal static class SampleReport
{
    public const string Hostile = "<script>alert(1)</script>\"'&|`</title></style><b>\u202egnp\0\ud800";

    public static ComparisonResult Comparison(string name) => new(
        name,
        name,
        28_300_000,
        "cpu",
        [new("perplexity", name, 512, 10, 5110), new("choice", "q.jsonl", null, null, 77)],
        [new(name, "perplexity", 8.6158), new("q.jsonl", "accuracy", 0.5), new("q.jsonl", "normalizedAccuracy", 0.25)],
        [
            Row(name, "W8A8", 8.63, 0.5) with { Runtime = Scores(name, 8.64, 0.5) , ArtifactBytes = 30_000_000 },
            Row("RoundToNearest", "W8A8", double.PositiveInfinity, 0),
            Row("SmoothQuant", "W4A8", double.NaN, 0.75),
            Row("Broken", "W4A8", 0, 0) with { Simulation = null, Error = new("MQ3010", name, name) },
        ]);

    public static ReportModel Model(string name) => ReportModel.Of(Comparison(name)) with
    {
        Title = name,
        Settings = new Dictionary<string, string> { ["seed"] = "1337", [name] = name },
        Activations =
        [
            new("layers.0.mlp.input", 0, name, -3, 4, 0.5, [new(7, 4, 8), new(1, 3, 6)]),
            new("layers.1.mlp.input", 1, name, 0, 0, 0, [new(0, 0, double.NaN)]),
            new("head.input", -1, "head.input", -1, 1, 1, []),
        ],
        Findings = [new("alpha", name, 0.0123, true), new(name, "0.5", double.NaN, false)],
    };

    private static ComparisonRow Row(string recipe, string precision, double perplexity, double accuracy) => new()
    {
        Recipe = recipe,
        Precision = precision,
        Activations = "static",
        Weights = "symmetric",
        Simulation = Scores(recipe, perplexity, accuracy),
        QuantizeMinutes = 12.345,
        PeakMemoryBytes = 1_230_000_000,
        Fidelity = [new("layers.0.mlp.input", 0, 31.5), new("layers.1.mlp.input", 1, double.PositiveInfinity)],
        Curve = [new LearningPoint(1, 0.5), new LearningPoint(2, double.NaN), new LearningPoint(3, 0.1)],
        SkippedSteps = 1,
    };

    private static ComparisonScore[] Scores(string text, double perplexity, double accuracy) =>
    [
        new(text, "perplexity", perplexity, (perplexity / 8.6158) - 1), new("q.jsonl", "accuracy", accuracy, accuracy - 0.5), new("q.jsonl", "normalizedAccuracy", accuracy, accuracy - 0.25),
    ];
}
