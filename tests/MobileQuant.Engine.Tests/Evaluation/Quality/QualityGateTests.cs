using MobileQuant.Evaluation.Quality;
using MobileQuant.Quantization;

namespace MobileQuant.Tests.Evaluation.Quality;

public class QualityGateTests
{
    private static readonly QuantizationRequest s_request = new()
    {
        CheckpointPath = "/models/tiny",
        OutputPath = "/out/tiny.mq.safetensors",
        EvaluationText = "/texts/heldout.txt",
    };

    [Theory]
    [InlineData(0.05, 29.5, true)]
    [InlineData(0.0499, 29.5, false)]
    [InlineData(0.05, 29.51, false)]
    [InlineData(null, 29.5, true)]
    [InlineData(0.05, null, true)]
    [InlineData(null, null, true)]
    public void Limits_are_what_is_still_allowed(double? increase, double? decibels, bool passes) =>
        Assert.Equal(passes, QualityGate.Judge(s_request with { Limits = new(increase, decibels) }, SampleQuality.Of(10, 10.5)) is null);

    [Fact]
    public void A_lower_perplexity_than_in_float_passes() =>
        Assert.Null(QualityGate.Judge(s_request with { Limits = new(0) }, SampleQuality.Of(10, 9.9)));

    [Theory]
    [InlineData(10, double.NaN, "MQ3060")]
    [InlineData(10, double.PositiveInfinity, "MQ3060")]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity, "MQ3062")]
    [InlineData(double.NaN, 10, "MQ3062")]
    public void What_is_no_number_fails(double reference, double quantized, string code) =>
        Assert.Equal(code, QualityGate.Judge(s_request with { Limits = new(10) }, SampleQuality.Of(reference, quantized))?.Code);

    [Fact]
    public void A_site_without_a_number_fails_and_a_perfect_one_passes()
    {
        QuantizationRequest request = s_request with { Limits = new(MinSqnr: 20) };
        Assert.Null(QualityGate.Judge(request, SampleQuality.Of(others: ("layers.2.output", double.PositiveInfinity))));
        MobileQuantException? failure = QualityGate.Judge(request, SampleQuality.Of(others: ("layers.2.output", double.NaN)));
        Assert.Equal("MQ3061", failure?.Code);
        Assert.Contains("The worst sites: layers.2.output NaN dB, layers.0.mlp.down.output 29.5 dB", failure?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_tells_figures_limits_and_the_ten_worst_sites()
    {
        MobileQuantException? failure = QualityGate.Judge(
            s_request with { Limits = new(0.1, 25) },
            SampleQuality.Of(10, 12.34, ("layers.3.mlp.down.output", 11.04), ("head.output", 24.96)));

        Assert.Equal("MQ3060", failure?.Code);
        Assert.Equal(
            "tiny fails the quality gate: its perplexity is 12.340 against 10.000 in float, +23.4 % where at most 10 % is allowed (16352 tokens of heldout.txt). "
            + "2 of 19 sites have less than the 25 dB of signal to noise that each must have.\n"
            + "The worst sites: layers.3.mlp.down.output 11.0 dB, head.output 25.0 dB, layers.0.mlp.down.output 29.5 dB, layers.1.mlp.down.output 29.5 dB, "
            + "layers.2.mlp.down.output 29.5 dB, layers.4.mlp.down.output 29.5 dB, layers.5.mlp.down.output 29.6 dB, layers.0.attention.o.output 30.0 dB, "
            + "layers.1.attention.o.output 30.0 dB, layers.2.attention.o.output 30.0 dB.",
            failure?.Message);
    }

    [Fact]
    public void One_line_tells_what_was_measured_and_what_is_asked()
    {
        Assert.Equal(
            "quality: perplexity 10.500 against 10.000 in float (+5.00 %, 10 % allowed, 16352 tokens); worst site layers.0.mlp.down.output 29.5 dB, 12.5 required",
            QualityGate.Summarize(s_request with { Limits = new(0.1, 12.5) }, SampleQuality.Of()));
        Assert.Equal("quality: worst site layers.0.mlp.down.output 29.5 dB", QualityGate.Summarize(s_request, SampleQuality.Of() with { Perplexity = null }));
    }

    [Fact]
    public void Branches_a_bit_below_the_others_are_where_the_loss_is()
    {
        Assert.Empty(QualitySuggestions.WeakBranches(SampleQuality.Of(others: [("layers.3.mlp.down.output", 25), ("layers.3.output", 2), ("head.output", 3)])));
        Assert.Equal(
            ["layers.3.mlp.down", "layers.1.attention.o"],
            QualitySuggestions.WeakBranches(SampleQuality.Of(others: [("layers.1.attention.o.output", 20), ("layers.3.mlp.down.output", 11)])));
    }

    [Theory]
    [InlineData("W4A8", "token", "", "block scales (Precision=W4B64A8); a recipe that learns (Recipe=MobileQuant+, minutes to an hour); calibration text of the kind")]
    [InlineData("W4B64A8", "token", "", "smaller blocks (Precision=W4B32A8); a recipe that learns")]
    [InlineData("W4B32A8", "token", "", "8-bit weights (Precision=W8A8); a recipe that learns")]
    [InlineData("W8A8", "token", "", "another recipe (Recipe=Rotated); calibration text")]
    [InlineData("W8A8", "static", "", "16 bits for the inputs where they pay (WideSites=auto); scales per token instead of static ones (Activations=token); tokens in front that take massive activations (Prefix=auto); a recipe that learns (Recipe=MobileQuant, minutes to an hour); calibration")]
    [InlineData("W8A8", "static", "layers.3.mlp.down.output", "16 bits where most is lost (WideSites=layers.3.mlp.down.input); scales per token")]
    [InlineData("W4A8", "token", "layers.1.attention.o.output", "8 bits for the weights where most is lost (Overrides=layers.1.attention.o=W8); block scales")]
    public void Suggestions_follow_from_where_the_loss_lies_and_what_is_not_used_yet(string precision, string activations, string weak, string expected)
    {
        QuantizationRequest request = s_request with
        {
            Precision = Precision.Parse(precision),
            Activations = Enum.Parse<ActivationMode>(activations, ignoreCase: true),
            WideSites = WideSites.None,
        };
        string text = QualitySuggestions.Text(request, weak.Length == 0 ? SampleQuality.Of() : SampleQuality.Of(others: (weak, 5)));
        Assert.StartsWith(
            (weak.Length == 0 ? "The loss is spread over the layers." : $"The loss is concentrated: {weak} lies 6 dB (one bit) or more below the typical branch.") + $" Try, in this order: {expected}",
            text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_used_already_is_not_suggested()
    {
        QuantizationRequest request = s_request with
        {
            Precision = Precision.W4A8,
            Activations = ActivationMode.Static,
            WideSites = WideSites.Parse("auto:8"),
            Prefix = SinkPrefix.Auto,
            Overrides = WeightOverrides.Parse("layers.1.attention.o=W8"),
            Recipe = "MobileQuant+",
            Settings = new() { Steps = 150 },
            Calibration = [typeof(QualityGateTests).Assembly.Location],
        };
        string text = QualitySuggestions.Text(request, SampleQuality.Of(others: ("layers.1.attention.o.output", 5)));
        Assert.EndsWith(
            "Try, in this order: more wide sites (WideSites=auto:16); scales per token instead of static ones (Activations=token); block scales (Precision=W4B64A8); a longer learning (RecipeSettings=steps=300).",
            text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_calibration_text_is_told_with_its_size()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllText(path, new string('x', 5000));
        try
        {
            Assert.Contains("more calibration text (5 KB are given, 131 KB would be used)", QualitySuggestions.Text(s_request with { Calibration = [path] }, SampleQuality.Of()), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
