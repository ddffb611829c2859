using MobileQuant.Modeling;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Tests.Lowering;

/// <summary>How far the integer program is from the simulation on a text, as signal-to-noise ratios.</summary>
/// <param name="Layers">Decibels of the residual stream behind each layer but the last.</param>
/// <param name="Logits">Decibels of the logits.</param>
internal sealed record IntegerComparison(IReadOnlyList<double> Layers, double Logits)
{
    /// <summary>The worst of all.</summary>
    public double Least => Layers.Append(Logits).Min();

    /// <summary>Runs both.</summary>
    public static IntegerComparison Of(DecoderModel model, Simulation simulation, QuantizedModel integer, int[] ids)
    {
        using torch.Tensor input = TokenTensor.Of(ids);
        using DecoderOutput expected = model.Forward(input, simulation, hiddenStates: true);
        int layers = model.Architecture.LayerCount;
        int hidden = model.Architecture.HiddenSize;
        double step = integer.Manifest!.Program.ResidualScale;
        SignalToNoise[] states = [.. Enumerable.Range(0, layers - 1).Select(_ => new SignalToNoise())];
        float[][] reference = [.. expected.HiddenStates.Select(s => s.contiguous().data<float>().ToArray())];
        SignalToNoise logits = new();
        float[] referenceLogits = expected.Logits.contiguous().data<float>().ToArray();

        using GenerationSession session = integer.CreateSession();
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
        return new([.. states.Select(s => s.Decibels)], logits.Decibels);
    }

    public override string ToString() => $"layers {string.Join(", ", Layers.Select(s => s.ToString("f1")))}, logits {Logits:f1} dB";

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
