using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>
/// Chooses between the squared error behind the last layer and the divergence of the distributions: where one channel carries most of
/// the residual stream's energy, the former would learn that channel and nothing else.
/// </summary>
internal static class LossChoice
{
    /// <summary>One channel of hundreds with more than this share of the energy is massive.</summary>
    public const double MassiveShare = 0.25;

    private const int Windows = 8;

    /// <summary>Chooses.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="windows">What it is measured on: the first few.</param>
    /// <returns>The loss, and the finding that says why.</returns>
    public static (LearningLoss Loss, Finding Finding) Of(DecoderModel model, CalibrationSet windows)
    {
        double share = LargestShare(model, [.. windows.Windows.Take(Windows)]);
        LearningLoss loss = share > MassiveShare ? LearningLoss.Logits : LearningLoss.HiddenState;
        return (loss, new("loss", loss == LearningLoss.Logits ? "logits" : "hiddenState", share, true));
    }

    /// <summary>The largest share that one channel has of the sum of squares behind the last layer.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="windows">Token windows of one length.</param>
    public static double LargestShare(DecoderModel model, IReadOnlyList<int[]> windows)
    {
        using IDisposable noGradient = torch.no_grad();
        using KeyValueCache? prefix = model.ComputePrefix();
        double[] sums = new double[model.Architecture.HiddenSize];
        foreach (int[] window in windows)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            using torch.Tensor ids = TokenTensor.Of(window);
            using torch.Tensor last = model.RunLayers(0, model.Architecture.LayerCount, model.Embed(ids, null), null, prefix);
            using torch.Tensor energy = last.square().sum([0, 1]).to(torch.float64).cpu();
            double[] values = energy.data<double>().ToArray();
            for (int channel = 0; channel < sums.Length; channel++)
            {
                sums[channel] += values[channel];
            }
        }

        return sums.Max() / Math.Max(sums.Sum(), double.Epsilon);
    }
}
