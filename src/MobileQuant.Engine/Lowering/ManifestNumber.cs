using System.Globalization;

namespace MobileQuant.Lowering;

/// <summary>Figures for people in the manifest.</summary>
internal static class ManifestNumber
{
    /// <summary>Six digits say all that a reader needs, in a third of the bytes.</summary>
    public static double Round(double value) => double.Parse(value.ToString("g6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
