using System.Globalization;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>Numbers for people: as many digits as mean something, units in the headers.</summary>
internal static class Figures
{
    private const double Largest = 1e7;
    private const double Smallest = 1e-4;

    /// <summary>A number with a count of significant digits, such as 8.6158 or 10.366 with five.</summary>
    public static string Significant(double value, int digits)
    {
        if (!double.IsFinite(value))
        {
            return NonFinite(value);
        }

        double size = Math.Abs(value);
        return size == 0 ? "0"
            : size is >= Largest or < Smallest ? value.ToString($"0.{new string('0', digits - 1)}e0", CultureInfo.InvariantCulture)
            : value.ToString($"F{Math.Max(0, digits - 1 - (int)Math.Floor(Math.Log10(size)))}", CultureInfo.InvariantCulture);
    }

    /// <summary>A perplexity.</summary>
    public static string Perplexity(double value) => Significant(value, 5);

    /// <summary>A difference times 100, always with its sign: +2.84, -0.10, +310.</summary>
    /// <param name="share">A share: 0.01 is one percent.</param>
    public static string Difference(double share)
    {
        double percent = share * 100;
        if (!double.IsFinite(percent))
        {
            return NonFinite(percent);
        }

        string format = Math.Abs(percent) switch
        {
            < 10 => "0.00",
            < 100 => "0.0",
            < 100_000 => "0",
            _ => "0.0e0",
        };
        string text = percent.ToString(format, CultureInfo.InvariantCulture);

        // What rounds to nothing has no sign.
        return text is "-0.00" or "0.00" ? "0.00" : text.StartsWith('-') ? text : $"+{text}";
    }

    /// <summary>A share in percent.</summary>
    public static string Percent(double share) => double.IsFinite(share) ? (share * 100).ToString("0.00", CultureInfo.InvariantCulture) : NonFinite(share);

    /// <summary>Minutes.</summary>
    public static string Minutes(double minutes) => minutes.ToString(minutes < 10 ? "0.00" : minutes < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);

    /// <summary>Bytes in decimal gigabytes.</summary>
    public static string Gigabytes(long bytes) => (bytes / 1e9).ToString("0.00", CultureInfo.InvariantCulture);

    /// <summary>Bytes in decimal megabytes.</summary>
    public static string Megabytes(long bytes) => (bytes / 1e6).ToString("0.0", CultureInfo.InvariantCulture);

    /// <summary>Decibels.</summary>
    public static string Decibels(double value) => double.IsFinite(value) ? value.ToString("0.0", CultureInfo.InvariantCulture) : NonFinite(value);

    /// <summary>A count, or a count of millions.</summary>
    public static string Count(long value) => value < 1_000_000
        ? value.ToString(CultureInfo.InvariantCulture)
        : $"{(value / 1e6).ToString(value < 100_000_000 ? "0.0" : "0", CultureInfo.InvariantCulture)} M";

    private static string NonFinite(double value) => double.IsNaN(value) ? "NaN" : value > 0 ? "\u221e" : "-\u221e";
}
