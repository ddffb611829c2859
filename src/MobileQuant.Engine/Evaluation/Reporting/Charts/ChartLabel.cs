using System.Globalization;

namespace MobileQuant.Evaluation.Reporting.Charts;

/// <summary>Numbers at axes.</summary>
internal static class ChartLabel
{
    /// <summary>As short as it is exact.</summary>
    public static string Of(double value) => Math.Abs(value) is >= 100_000 or (> 0 and < 0.001)
        ? value.ToString("0.#e0", CultureInfo.InvariantCulture)
        : value.ToString("0.####", CultureInfo.InvariantCulture);
}
