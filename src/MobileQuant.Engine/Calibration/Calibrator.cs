using MobileQuant.Modeling;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Calibration;

/// <summary>Runs the float model over calibration windows and collects its ranges.</summary>
public static class Calibrator
{
    private const int TokensPerPass = 512;

    /// <summary>Observes every site but the logits.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="set">The windows.</param>
    /// <param name="progress">Told in windows, as step <c>calibrate</c>.</param>
    /// <param name="cancellationToken">Stops between passes.</param>
    /// <returns>Ranges per site and channel.</returns>
    public static CalibrationStatistics Observe(
        DecoderModel model, CalibrationSet set, IProgress<QuantizationEvent>? progress = null, CancellationToken cancellationToken = default) =>
        Observe(model, set, keepWindows: false, progress, cancellationToken);

    /// <summary>Observes every site but the logits.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="set">The windows.</param>
    /// <param name="keepWindows">Whether to keep ranges per window for the inputs of linear layers, which quantiles need.</param>
    /// <param name="progress">Told in windows, as step <c>calibrate</c>.</param>
    /// <param name="cancellationToken">Stops between passes.</param>
    /// <param name="target">What the ranges are for; for an NPU inner sites and the logits are observed too.</param>
    /// <returns>Ranges per site and channel.</returns>
    public static CalibrationStatistics Observe(
        DecoderModel model,
        CalibrationSet set,
        bool keepWindows,
        IProgress<QuantizationEvent>? progress,
        CancellationToken cancellationToken,
        QuantizationTarget target = QuantizationTarget.Cpu)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(set);
        bool isNpu = target == QuantizationTarget.Npu;
        RangeObserver observer = new(keepWindows, inner: isNpu);
        int done = 0;
        foreach (int[][] batch in set.Windows.Chunk(Math.Max(1, TokensPerPass / set.WindowLength)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using torch.Tensor ids = TokenTensor.Of(batch);
            using torch.Tensor hidden = model.ForwardHidden(ids, observer);
            if (isNpu)
            {
                model.ComputeLogits(hidden, observer).Dispose();
            }

            done += batch.Length;
            progress?.Report(new QuantizationEvent.Progress("calibrate", "observing activations", done, set.Windows.Count));
        }

        return observer.ToStatistics(model.Architecture);
    }
}
