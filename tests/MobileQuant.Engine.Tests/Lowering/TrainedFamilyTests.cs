using System.Text.Json;
using MobileQuant.Artifacts;
using MobileQuant.Evaluation;
using MobileQuant.Quantization;
using Xunit.Abstractions;

namespace MobileQuant.Tests.Lowering;

/// <summary>Trained models of families beside Llama: float, simulation and integers on text, and what they write.</summary>
public class TrainedFamilyTests(ITestOutputHelper output)
{
    private const int Window = 256;
    private const int Windows = 6;

    [SharedDataTheory]
    [InlineData("docs-stablelm-13m", "W8A8", 3)]
    [InlineData("docs-gemma-10m", "W4A8", 1)]
    public void The_integer_runtime_scores_and_writes_as_the_simulation_does(string name, string precision, int format)
    {
        string text = Path.Combine(AppContext.BaseDirectory, "docs-calibration.txt");
        string all = File.ReadAllText(SharedData.Path("eval", "calibration", "docs_books_train_4MB.txt"));
        File.WriteAllText(text, all[..40_000]);
        string checkpoint = SharedData.Path("models", name);
        using LoweredModel model = new(LoweredModel.Request(precision, recipe: "SmoothQuant-Edge") with { CheckpointPath = checkpoint, Calibration = [text] }, checkpoint);
        Assert.Equal(format, model.Integer.Manifest!.FormatVersion);

        int[] ids = model.Integer.Tokenizer!.Encode(File.ReadAllText(SharedData.Path("eval", "heldout", "heldout_docs.txt"))[..20_000]);
        double Perplexity(ILanguageModel of) => PerplexityEvaluator.Evaluate(of, "docs", ids, Window, Windows).Perplexity;
        using GenerationSession session = model.Integer.CreateSession();
        double exact = Perplexity(new FloatLanguageModel("float", model.Float));
        double simulation = Perplexity(new FloatLanguageModel("simulation", model.Float, model.Simulation));
        double integer = Perplexity(new RuntimeLanguageModel("integer", session));
        IntegerComparison comparison = IntegerComparison.Of(model.Float, model.Simulation, model.Integer, ids[..100]);
        output.WriteLine($"{name} {precision}: float {exact:f3}, simulation {simulation:f3}, integer {integer:f3}; {comparison}");
        Assert.InRange(integer / simulation, 0.995, 1.005);
        Assert.InRange(simulation / exact, 0.97, precision == "W8A8" ? 1.02 : 1.15);
        Assert.InRange(comparison.Least, 27, 200);
        if (precision == "W8A8")
        {
            CheckGreedy(name, model.Integer);
        }
    }

    // The reference's own text, while its choice is clear of the second best by more than 8 bits can turn.
    private static void CheckGreedy(string name, QuantizedModel model)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("golden", "trained", name + ".golden.json")));
        int compared = 0;
        foreach (JsonElement greedy in golden.RootElement.GetProperty("greedy").EnumerateArray())
        {
            int[] prompt = [.. greedy.GetProperty("prompt_ids").EnumerateArray().Select(i => i.GetInt32())];
            int[] expected = [.. greedy.GetProperty("new_ids").EnumerateArray().Select(i => i.GetInt32())];
            float[] margins = [.. greedy.GetProperty("margin_to_second").EnumerateArray().Select(m => m.GetSingle())];
            int clear = margins.TakeWhile(margin => margin > 0.1f).Count();
            using GenerationSession session = model.CreateSession();
            int[] actual = [.. session.GenerateTokens(prompt, new() { MaxTokens = expected.Length, Temperature = 0 })];
            Assert.Equal(expected.Take(clear), actual.Take(clear));
            compared += clear;
        }

        Assert.InRange(compared, 20, 640);
    }
}
