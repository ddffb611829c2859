using MobileQuant.Calibration;
using MobileQuant.Quantization;

namespace MobileQuant.Learning;

/// <summary>Learns equivalent transformations, weight clipping and activation ranges of a quantized graph (arXiv 2408.13933, 2308.13137).</summary>
public static class Learner
{
    /// <summary>Learns.</summary>
    /// <param name="graph">Where learning starts: its ranges, schemes and wide sites are taken as they are.</param>
    /// <param name="windows">Windows that steps draw from, all of one length.</param>
    /// <param name="settings">What is learned, how long and how fast.</param>
    /// <param name="environment">Seed, target, progress, cancellation and saved states.</param>
    /// <returns>
    /// The graph with learned transformations folded, with learned clips and ranges, and a <see cref="RecipeSummary.Learning"/>. It
    /// shares the weights of <paramref name="graph"/>, which are changed in place at the end: use only the result afterwards.
    /// </returns>
    /// <exception cref="MobileQuantException">MQ3031: too many steps in a row whose loss or gradients were not finite.</exception>
    public static QuantizedGraph Learn(QuantizedGraph graph, CalibrationSet windows, LearningSettings settings, LearningEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(windows);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(environment);
        throw new NotSupportedException("learning arrives with the next change");
    }
}
