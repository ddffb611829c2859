using MobileQuant.Modeling;
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
    /// <returns>Ranges per site and channel.</returns>
    public static CalibrationStatistics Observe(
        DecoderModel model, CalibrationSet set, bool keepWindows, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(set);
        RangeObserver observer = new(keepWindows);
        int done = 0;
        foreach (int[][] batch in set.Windows.Chunk(Math.Max(1, TokensPerPass / set.WindowLength)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using torch.Tensor ids = TokenTensor.Of(batch);
            model.ForwardHidden(ids, observer).Dispose();
            done += batch.Length;
            progress?.Report(new QuantizationEvent.Progress("calibrate", "observing activations", done, set.Windows.Count));
        }

        return observer.ToStatistics(model.Architecture);
    }
}
