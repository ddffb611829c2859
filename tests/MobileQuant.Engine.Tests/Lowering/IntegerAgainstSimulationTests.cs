using MobileQuant.Modeling;
using MobileQuant.Quantization;
using TorchSharp;
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
    [InlineData("W4B64A8", ActivationMode.Token, "RoundToNearest", 30)]
    [InlineData("W4B32A8", ActivationMode.Token, "SmoothQuant-Edge", 30)]
    [InlineData("W4B64A8", ActivationMode.Token, "RoundToNearest", 30, "down=W8; layers.1.attention.o=W4B32; layers.*.attention.q=W4")]
    public void Every_layer_agrees_with_the_simulation(string precision, ActivationMode activations, string recipe, double leastDecibels, string overrides = "")
    {
        using LoweredModel model = new(LoweredModel.Request(precision, activations, recipe) with { Overrides = WeightOverrides.Parse(overrides) });
        int[] ids = model.Integer.Tokenizer!.Encode(Text);
        using torch.Tensor input = torch.tensor(ids.Select(i => (long)i).ToArray()).unsqueeze(0);
        using DecoderOutput expected = model.Float.Forward(input, model.Simulation, hiddenStates: true);

        int layers = model.Graph.Architecture.LayerCount;
        int hidden = model.Graph.Architecture.HiddenSize;
        double step = model.Integer.Manifest!.Program.ResidualScale;
        SignalToNoise[] states = [.. Enumerable.Range(0, layers - 1).Select(_ => new SignalToNoise())];
        float[][] reference = [.. expected.HiddenStates.Select(s => s.contiguous().data<float>().ToArray())];
        SignalToNoise logits = new();
        float[] referenceLogits = expected.Logits.contiguous().data<float>().ToArray();

        using GenerationSession session = model.Integer.CreateSession();
        int chunk = 0;
        session.Decoder.LayerFinished = layer =>
        {
            // The state after the last layer is not kept by the float model: what it returns there is normed.
            for (int row = 0; layer < layers - 1 && row < Math.Min(64, ids.Length - chunk); row++)
            {
                ReadOnlySpan<int> actual = session.Decoder.Residual(row);
                for (int i = 0; i < hidden; i++)
                {
                    states[layer].Add(reference[layer + 1][((chunk + row) * hidden) + i], actual[i] * step);
                }
            }

            chunk += layer == layers - 1 ? 64 : 0;
        };
        session.Prefill(ids, (position, row) =>
        {
            for (int i = 0; i < row.Length; i++)
            {
                logits.Add(referenceLogits[(position * row.Length) + i], row[i] / 65536.0);
            }
        });

        output.WriteLine($"{precision} {activations} {recipe}: layers {string.Join(", ", states.Select(s => s.Decibels.ToString("f1")))}, logits {logits.Decibels:f1} dB");
        Assert.All(states.Append(logits), s => Assert.InRange(s.Decibels, leastDecibels, 200));
    }

    private sealed class SignalToNoise
    {
        private double _signal;
        private double _noise;

        public double Decibels => 10 * Math.Log10(_signal / _noise);

        public void Add(double expected, double actual)
        {
            _signal += expected * expected;
            _noise += (expected - actual) * (expected - actual);
        }
    }
}
