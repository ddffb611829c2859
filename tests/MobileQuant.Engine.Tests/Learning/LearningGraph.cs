using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Tests.Learning;

/// <summary>Graphs that learning starts from: models as they are, with observed ranges.</summary>
internal static class LearningGraph
{
    public static QuantizedGraph Of(
        DecoderModel model, CalibrationSet windows, string precision, ActivationMode activations, QuantizationTarget target = QuantizationTarget.Cpu)
    {
        Precision widths = Precision.Parse(precision);
        WeightSymmetry symmetry = widths.WeightBits == 8 ? WeightSymmetry.Symmetric : WeightSymmetry.Asymmetric;
        return new()
        {
            Architecture = model.Architecture,
            Weights = model.Weights,
            Precision = widths,
            Activations = activations,
            Schemes = new(new(widths.WeightBits, symmetry, WeightGranularity.Channel, widths.BlockSize)),
            Ranges = Calibrator.Observe(model, windows, keepWindows: false, null, default, target).ToSiteRanges(),
            Recipe = new("test", new Dictionary<string, string>()),
        };
    }
}
