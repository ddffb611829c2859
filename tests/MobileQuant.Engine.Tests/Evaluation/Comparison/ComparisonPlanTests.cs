using MobileQuant.Evaluation;
using MobileQuant.Evaluation.Comparison;
using MobileQuant.Quantization;
using MobileQuant.Tests.Caching;
using MobileQuant.Tests.Evaluation.Reporting;

namespace MobileQuant.Tests.Evaluation.Comparison;

public sealed class ComparisonPlanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private ComparisonRequest Request => new()
    {
        Shared = new() { CheckpointPath = _folder.Path, OutputPath = "" },
        Recipes = ["roundtonearest", "SmoothQuant"],
        Precisions = [Precision.W8A8, Precision.W4A8],
        Activations = [ActivationMode.Static],
        Weights = [WeightSymmetry.Symmetric, WeightSymmetry.Asymmetric],
        Measures = [new(EvaluationProtocol.Perplexity, _folder.Write("text.txt", "text"))],
        RuntimeRecipes = ["smoothquant"],
    };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Rows_are_all_combinations_recipes_fastest()
    {
        IReadOnlyList<ComparisonVariant> variants = ComparisonPlan.Make(Request);

        Assert.Equal(8, variants.Count);
        Assert.Equal(["RoundToNearest W8A8", "SmoothQuant W8A8", "RoundToNearest W8A8"], variants.Take(3).Select(variant => variant.Label));
        Assert.Equal([false, true, false, true], variants.Take(4).Select(variant => variant.RunsInIntegers));
        Assert.Equal(["symmetric", "symmetric", "asymmetric", "asymmetric"], variants.Take(4).Select(variant => variant.ToRow().Weights));
        Assert.All(variants, variant => Assert.Equal("static", variant.ToRow().Activations));
    }

    [Fact]
    public void What_makes_no_sense_is_found_before_the_work()
    {
        AssertError("MQ1025", Request with { Recipes = [] });
        AssertError("MQ1025", Request with { Measures = [] });
        AssertError("MQ1025", Request with { Recipes = ["SmoothQuant", "smoothquant"] });
        AssertError("MQ1025", Request with { RuntimeRecipes = ["Rotated"] });
        AssertError("MQ1025", Request with { Weights = [WeightSymmetry.Default, WeightSymmetry.Symmetric] });
        AssertError("MQ1025", Request with { Measures = [Request.Measures[0], new(EvaluationProtocol.Perplexity, _folder.Write("deep/text.txt", "other"))] });
        AssertError("MQ1009", Request with { Measures = [new(EvaluationProtocol.Perplexity, _folder["none.txt"])] });
        AssertError("MQ1018", Request with { Shared = Request.Shared with { Target = QuantizationTarget.Npu } });
        AssertError("MQ3001", Request with { Recipes = ["Magic"], RuntimeRecipes = [] });
        AssertError("MQ1006", Request with { Shared = Request.Shared with { Calibration = ["none.txt"] } });

        // The same text by two protocols is two measures.
        ComparisonPlan.Make(Request with { Measures = [Request.Measures[0], Request.Measures[0] with { Protocol = EvaluationProtocol.Wikitext }] });
    }

    [Fact]
    public void The_best_row_of_a_group_comes_first_and_failures_last()
    {
        ComparisonRow[] rows = [.. SampleReport.Comparison("model").Rows];
        Assert.Equal(["model", "RoundToNearest", "SmoothQuant", "Broken"], ComparisonOrder.Sort([rows[1], rows[0], rows[3], rows[2]]).Select(row => row.Recipe));
    }

    private static void AssertError(string code, ComparisonRequest request) =>
        Assert.Equal(code, Assert.Throws<MobileQuantException>(() => ComparisonPlan.Make(request)).Code);
}
