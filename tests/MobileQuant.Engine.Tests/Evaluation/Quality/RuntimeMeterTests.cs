using MobileQuant.Caching;
using MobileQuant.Evaluation;
using MobileQuant.Evaluation.Fidelity;
using MobileQuant.Evaluation.Quality;
using MobileQuant.Evaluation.Reporting;
using MobileQuant.Quantization;
using MobileQuant.Tests.Caching;
using MobileQuant.Tests.Lowering;

namespace MobileQuant.Tests.Evaluation.Quality;

public sealed class RuntimeMeterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("W8A8", "RoundToNearest", ActivationMode.Token, "none", 0.02, 15)]
    [InlineData("W4A8", "Rotated", ActivationMode.Token, "none", 0.2, 8)]
    [InlineData("W8A8", "RoundToNearest", ActivationMode.Static, "2,13", 0.2, 5)]
    public void Figures_are_those_of_eval_and_of_the_simulation(string precision, string recipe, ActivationMode activations, string prefix, double most, double least)
    {
        QuantizationRequest request = RequestNormalizer.NormalizeInputs(LoweredModel.Request(precision, activations, recipe) with { Prefix = SinkPrefix.Parse(prefix), EvaluationText = Text(3) });
        using LoweredModel model = new(request);
        QualityMeasurement quality = new RuntimeMeter().Measure(request, model.Path, new string('b', 64), null, default);

        Assert.Equal(new string('b', 64), quality.ArtifactSha256);
        Assert.Equal(512 - (prefix == "none" ? 0 : 2), quality.Perplexity!.Window);
        Assert.Equal(Perplexity(model.Path, quality.Perplexity.Window), quality.Perplexity.Quantized, 9);
        Assert.Equal(Perplexity(request.CheckpointPath, quality.Perplexity.Window), quality.Perplexity.Reference, 4);
        Assert.InRange(quality.Perplexity.Increase, -0.02, most);

        // The simulation has graph and weights of its own: a reference in the wrong basis would be 0 dB.
        IReadOnlyList<int[]> windows = FidelityWindows.Read(request.EvaluationText!, model.Integer.Tokenizer!, model.Graph.Architecture);
        Dictionary<string, double> simulated = FidelityEvaluator.OfSimulation(model.Graph, windows).ToDictionary(f => f.Site.ToString(), f => f.Decibels);
        Assert.Equal((3 * model.Graph.Architecture.LayerCount) + 1, quality.Sites.Count);
        Assert.All(quality.Sites, site => Assert.InRange(site.Decibels, least, 60));
        Assert.All(quality.Sites, site => Assert.InRange(site.Decibels - simulated[site.Site], -1.5, 1.5));

        double Perplexity(string path, int window) =>
            EvaluationJob.Run(new() { ModelPath = path, TextPath = request.EvaluationText!, Window = window }).Perplexity!.Value;
    }

    [Fact]
    public void Without_a_text_only_sites_are_measured_on_calibration_windows()
    {
        QuantizationRequest request = RequestNormalizer.NormalizeInputs(LoweredModel.Request());
        using LoweredModel model = new(request);
        QualityMeasurement quality = new RuntimeMeter().Measure(request, model.Path, "", null, default);
        Assert.Null(quality.Perplexity);
        Assert.All(quality.Sites, site => Assert.InRange(site.Decibels, 15, 60));
    }

    [Fact]
    public void A_text_below_a_window_is_refused_before_anything_is_made_of_the_model()
    {
        RuntimeMeter meter = new();
        QuantizationRequest request = LoweredModel.Request();
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => meter.Check(request with { EvaluationText = _folder.Write("short.txt", "Once upon a time.") }));
        Assert.Equal("MQ3020", e.Code);
        meter.Check(request with { EvaluationText = Text(1) });
        meter.Check(request);
    }

    [Fact]
    public void Of_a_long_text_the_first_windows_are_measured()
    {
        // Without white space a token has few characters: what is read is bounded by windows, not by the text.
        using LoweredModel model = new(LoweredModel.Request());
        int[] read = EvaluationText.Read(Text(60), model.Integer.Tokenizer!);
        int[] whole = model.Integer.Tokenizer!.Encode(File.ReadAllText(Text(60)));
        Assert.InRange(read.Length, EvaluationText.MostWindows * PerplexityEvaluator.DefaultWindow, whole.Length - 1);
        Assert.Equal(whole.Take(EvaluationText.MostWindows * PerplexityEvaluator.DefaultWindow), read.Take(EvaluationText.MostWindows * PerplexityEvaluator.DefaultWindow));
    }

    /// <summary>A text of at least so many windows.</summary>
    private string Text(int windows)
    {
        string[] stories =
        [
            "Once upon a time, there was a little girl named Lily. She loved to play outside in the sunshine.",
            "One day, Tom and his mom went to the park. They saw a big dog, and the dog wanted to play with Tom.",
            "The little bird was sad because it could not fly. Its friend the cat said, \"I will help you.\"",
            "Ben had a red ball. He threw the ball very high, and it landed on the roof. Ben was not happy.",
        ];
        return _folder.Write($"text{windows}.txt", string.Join("\n\n", Enumerable.Range(0, windows * 24).Select(i => stories[(i * 7) % 4] + " " + stories[((i * 3) + 1) % 4])));
    }
}
