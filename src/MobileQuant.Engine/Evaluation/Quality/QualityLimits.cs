using System.Globalization;

namespace MobileQuant.Evaluation.Quality;

/// <summary>What an artifact must keep to be good enough: the limits of the quality gate.</summary>
/// <param name="MaxPerplexityIncrease">How much higher than the float model's its perplexity may be, as a share: 0.1 is 10 %; null: no limit.</param>
/// <param name="MinSqnr">The least signal to quantization-noise ratio that every measured site must have, dB; null: no limit.</param>
public sealed record QualityLimits(double? MaxPerplexityIncrease = null, double? MinSqnr = null)
{
    // More than the ratio of any 32-bit number to its rounding: nobody means it.
    private const double MostDecibels = 200;

    /// <summary>No limits.</summary>
    public static QualityLimits None { get; } = new();

    /// <summary>Whether nothing is limited.</summary>
    public bool IsEmpty => MaxPerplexityIncrease is null && MinSqnr is null;

    /// <summary>Reads limits as users write them.</summary>
    /// <param name="maxPerplexityIncrease"><c>10%</c> or <c>0.1</c>; null or empty: no limit.</param>
    /// <param name="minSqnr">A number of decibels; null or empty: no limit.</param>
    /// <returns>The limits.</returns>
    /// <exception cref="MobileQuantException">MQ1031, MQ1032: not in these forms.</exception>
    public static QualityLimits Parse(string? maxPerplexityIncrease, string? minSqnr) => new(
        string.IsNullOrWhiteSpace(maxPerplexityIncrease) ? null : ParseIncrease(maxPerplexityIncrease.Trim()),
        string.IsNullOrWhiteSpace(minSqnr) ? null : ParseDecibels(minSqnr.Trim()));

    /// <summary>Checks the values, however they came here.</summary>
    /// <exception cref="MobileQuantException">MQ1031, MQ1032: out of range.</exception>
    public void Validate()
    {
        if (MaxPerplexityIncrease is { } increase && !(increase >= 0 && double.IsFinite(increase)))
        {
            throw BadIncrease(increase.ToString(CultureInfo.InvariantCulture));
        }

        if (MinSqnr is { } decibels && !(decibels is >= 0 and <= MostDecibels))
        {
            throw BadDecibels(decibels.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static double ParseIncrease(string text)
    {
        bool isPercent = text.EndsWith('%');
        return TryNumber(isPercent ? text[..^1].TrimEnd() : text, out double value) && (isPercent || value < 1)
            ? isPercent ? value / 100 : value
            : throw BadIncrease(text);
    }

    private static double ParseDecibels(string text) =>
        TryNumber(text, out double value) && value <= MostDecibels ? value : throw BadDecibels(text);

    private static bool TryNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    // A bare 10 could mean 10 % or ten times as much: whoever writes it says which.
    private static MobileQuantException BadIncrease(string text) => new(
        "MQ1031",
        $"The largest increase of perplexity is '{text}'; expected a percentage such as 10%, or a share below 1 such as 0.1.",
        "Write 10% or 0.1 for ten percent over the float model's perplexity.");

    private static MobileQuantException BadDecibels(string text) => new(
        "MQ1032",
        FormattableString.Invariant($"The least signal to noise ratio is '{text}'; expected a number of decibels from 0 to {MostDecibels}."),
        "Write for example 15; six decibels are one bit.");
}
