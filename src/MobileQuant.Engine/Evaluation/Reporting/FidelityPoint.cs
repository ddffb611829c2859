using MobileQuant.Evaluation.Fidelity;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>How well a place survives quantization.</summary>
/// <param name="Site">Its name, such as layers.3.mlp.down.input.</param>
/// <param name="Layer">The decoder layer, or -1 outside of them.</param>
/// <param name="Decibels">10 log10 of signal over noise; infinity where nothing is lost.</param>
public sealed record FidelityPoint(string Site, int Layer, double Decibels)
{
    /// <summary>A measured ratio, to a hundredth of a decibel.</summary>
    /// <param name="fidelity">The ratio.</param>
    /// <returns>As reports keep it.</returns>
    public static FidelityPoint Of(SiteFidelity fidelity)
    {
        ArgumentNullException.ThrowIfNull(fidelity);
        return new(fidelity.Site.ToString(), fidelity.Site.Layer, Math.Round(fidelity.Decibels, 2));
    }
}
