using MobileQuant.Checkpoints;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Tests.Lowering;
using MobileQuant.Tests.Modeling;
using TorchSharp;

namespace MobileQuant.Tests.Rounding;

public class RotatedModelTests
{
    private const string Text =
        "Once upon a time, there was a little girl named Lily. She loved to play outside in the sunshine. One day, she saw a big, scary dog. " +
        "The dog was barking and Lily wanted to play with it. Her mom said, \"No, Lily. You can't play with the dog.\" Lily was sad.";

    [Fact]
    public void Four_bits_are_rotated_and_fed_back_by_default_repeatably_and_to_a_gain()
    {
        using ICheckpoint checkpoint = CheckpointReader.Open(SharedData.DefaultModel);
        QuantizationRequest request = LoweredModel.Request("W4B32A8", recipe: "auto");
        using QuantizedGraph graph = GraphQuantizer.Quantize(checkpoint, request);
        using QuantizedGraph again = GraphQuantizer.Quantize(checkpoint, request);

        Assert.Equal("Rotated", graph.Recipe.Name);
        Assert.StartsWith("auto: ", graph.Recipe.Settings["chosenBy"], StringComparison.Ordinal);
        Assert.Equal("errorfeedback", graph.Recipe.Settings["rounding"]);
        Assert.False(graph.Architecture.TiedEmbeddings);
        Assert.Equal(graph.Architecture.LayerCount * graph.Architecture.Linears.Count, graph.Codes.Count);
        Assert.All(graph.Codes, pair => Assert.Equal(pair.Value.Codes, again.Codes[pair.Key].Codes));

        // The same model with nearest codes is further from the float one, on text that was not calibrated on.
        double feedback = ErrorOf(graph);
        double nearest = ErrorOf(graph with { Codes = new Dictionary<(int Layer, LinearKind Kind), QuantizedWeight>() });
        Assert.InRange(feedback, 0, nearest * 0.9);
    }

    [Fact]
    public void In_blocks_scales_are_learned_behind_rounding()
    {
        using ICheckpoint checkpoint = CheckpointReader.Open(SharedData.DefaultModel);
        RecipeSettings settings = new() { Steps = 8, BatchSize = 4, Windows = 32, WindowLength = 64 };
        using QuantizedGraph graph = GraphQuantizer.Quantize(checkpoint, LoweredModel.Request("W4B32A8", recipe: "MobileQuant+") with { Settings = settings });

        Assert.Equal("true", graph.Recipe.Settings["learning.afterRounding"]);
        Assert.Equal("errorfeedback", graph.Recipe.Settings["rounding"]);
        Assert.False(graph.Recipe.Settings.ContainsKey("learning.clips"));
        Assert.Equal(8, graph.Recipe.Learning!.Steps);

        // Starts are compared as they are rounded, and the better one's codes stay.
        Finding[] starts = [.. graph.Recipe.Findings.Where(finding => finding.Step == "start")];
        Finding start = Assert.Single(starts, finding => finding.IsChosen);
        Assert.Equal(starts.Min(finding => finding.Loss), start.Loss);
        QuantizationRequest unlearned = LoweredModel.Request("W4B32A8", recipe: start.Candidate == "rotated" ? "Rotated" : "SmoothQuant-Edge");
        using QuantizedGraph rounded = GraphQuantizer.Quantize(checkpoint, unlearned with { Rounding = MobileQuant.Rounding.RoundingMode.ErrorFeedback });
        Assert.All(rounded.Codes, pair => Assert.Equal(pair.Value.Codes, graph.Codes[pair.Key].Codes));
        Assert.All(rounded.Codes, pair => Assert.NotEqual(pair.Value.Scales, graph.Codes[pair.Key].Scales));
    }

    [Fact]
    public void Rounding_can_be_asked_for_with_any_recipe_and_turned_off()
    {
        using ICheckpoint checkpoint = CheckpointReader.Open(SharedData.DefaultModel);
        using QuantizedGraph plain = GraphQuantizer.Quantize(checkpoint, LoweredModel.Request("W4A8") with { Rounding = MobileQuant.Rounding.RoundingMode.ErrorFeedback });
        Assert.NotEmpty(plain.Codes);
        using QuantizedGraph rotated = GraphQuantizer.Quantize(checkpoint, LoweredModel.Request("W4A8", recipe: "Rotated") with { Rounding = MobileQuant.Rounding.RoundingMode.Nearest });
        Assert.Empty(rotated.Codes);
        Assert.Equal("nearest", rotated.Recipe.Settings["rounding"]);
    }

    [Fact]
    public void Rounding_stops_when_it_is_cancelled()
    {
        using ICheckpoint checkpoint = CheckpointReader.Open(SharedData.DefaultModel);
        using CancellationTokenSource source = new();
        CancelAtRounding progress = new(source);
        Assert.ThrowsAny<OperationCanceledException>(() => GraphQuantizer.Quantize(checkpoint, LoweredModel.Request("W4A8", recipe: "Rotated"), null, progress, source.Token));
        Assert.Equal(2, progress.Steps);
    }

    private static double ErrorOf(QuantizedGraph graph)
    {
        using DecoderModel model = new(graph.Architecture, graph.Weights);
        using Simulation simulation = new(graph);
        using torch.Tensor ids = TokenTensor.Of(MobileQuant.Text.TextTokenizer.FromFolder(SharedData.DefaultModel).Encode(Text));
        using DecoderOutput expected = model.Forward(ids);
        using DecoderOutput actual = model.Forward(ids, simulation);
        return Golden.Values(expected.Logits).Zip(Golden.Values(actual.Logits), (a, b) => (double)(a - b) * (a - b)).Average();
    }

    private sealed class CancelAtRounding(CancellationTokenSource source) : IProgress<QuantizationEvent>
    {
        public int Steps { get; private set; }

        public void Report(QuantizationEvent value)
        {
            if (value is QuantizationEvent.Progress { Step: "round" } step)
            {
                Steps++;
                if (step.Done == 1)
                {
                    source.Cancel();
                }
            }
        }
    }
}
