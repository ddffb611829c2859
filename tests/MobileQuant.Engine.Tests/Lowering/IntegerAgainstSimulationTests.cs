using MobileQuant.Quantization;
using Xunit.Abstractions;

namespace MobileQuant.Tests.Lowering;

public class IntegerAgainstSimulationTests(ITestOutputHelper output)
{
    private const string Text =
        "Once upon a time, there was a little girl named Lily. She loved to play outside in the sunshine. One day, she saw a big, scary dog. " +
        "The dog was barking and Lily wanted to play with it. Her mom said, \"No, Lily. You can't play with the dog.\" Lily was sad, but then she saw a bird.";

    [Theory]
    [InlineData("W8A8", ActivationMode.Token, "RoundToNearest", 33)]
    [InlineData("W8A8", ActivationMode.Token, "SmoothQuant-Edge", 33)]
    [InlineData("W8A8", ActivationMode.Static, "RoundToNearest", 23)]
    [InlineData("W8A8", ActivationMode.Static, "SmoothQuant-Edge", 23)]
    [InlineData("W4A8", ActivationMode.Token, "RoundToNearest", 30)]
    [InlineData("W8A8", ActivationMode.Token, "Rotated", 30)]
    [InlineData("W4A8", ActivationMode.Token, "Rotated", 30)]
    [InlineData("W4B64A8", ActivationMode.Token, "Rotated", 30, "down=W8")]
    [InlineData("W4B64A8", ActivationMode.Token, "RoundToNearest", 30)]
    [InlineData("W4B32A8", ActivationMode.Token, "SmoothQuant-Edge", 30)]
    [InlineData("W4B64A8", ActivationMode.Token, "RoundToNearest", 30, "down=W8; layers.1.attention.o=W4B32; layers.*.attention.q=W4")]
    public void Every_layer_agrees_with_the_simulation(string precision, ActivationMode activations, string recipe, double leastDecibels, string overrides = "")
    {
        using LoweredModel model = new(LoweredModel.Request(precision, activations, recipe) with { Overrides = WeightOverrides.Parse(overrides) });
        IntegerComparison comparison = IntegerComparison.Of(model.Float, model.Simulation, model.Integer, model.Integer.Tokenizer!.Encode(Text));
        output.WriteLine($"{precision} {activations} {recipe}: {comparison}");
        Assert.InRange(comparison.Least, leastDecibels, 200);
    }
}
