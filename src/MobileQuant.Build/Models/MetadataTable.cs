using System.Globalization;
using System.Text.RegularExpressions;

namespace MobileQuant.Build.Models;

/// <summary>What each setting of an item may say. The engine checks again; here a wrong word costs no process start.</summary>
internal static class MetadataTable
{
    private static readonly Regex s_override = new(
        @"^((layers\.([0-9]+|\*)\.)?(attention\.[qkvo]|mlp\.(gate|up|down))|[qkvo]|gate|up|down)\s*=\s*(W8|W4|W4B64|W4B32)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>Settings that are one word of a list, with the spelling that the tool gets.</summary>
    public static IReadOnlyDictionary<string, string[]> Words { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        [ModelMetadata.Recipe] = ["auto", "RoundToNearest", "SmoothQuant", "SmoothQuant-Edge", "Rotated", "OmniQuant", "OmniQuant-Edge", "OmniQuant-Edge+ARL", "MobileQuant", "MobileQuant+"],
        [ModelMetadata.Precision] = ["W8A8", "W4A8", "W4B64A8", "W4B32A8"],
        [ModelMetadata.Activations] = ["token", "static"],
        [ModelMetadata.TargetDevice] = ["cpu", "npu"],
        [ModelMetadata.Weights] = ["default", "symmetric", "asymmetric"],
        [ModelMetadata.Granularity] = ["channel", "tensor"],
        [ModelMetadata.Rounding] = ["default", "nearest", "errorfeedback"],
    };

    private static readonly Regex s_wideSites = new(
        @"^(auto(:[0-9]+)?|[0-9]+|\s*layers\.(\*|[0-9]+)(\.[a-z_]+)+\s*([;,]\s*layers\.(\*|[0-9]+)(\.[a-z_]+)+\s*)*[;,]?)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>Brings a value to its one spelling.</summary>
    /// <param name="metadata">A name of <see cref="ModelMetadata"/>.</param>
    /// <param name="value">What the project says.</param>
    /// <param name="normalized">The spelling for the tool, or null.</param>
    /// <param name="expected">What would have been right, for people; empty when the value is right.</param>
    /// <returns>Whether the value is right.</returns>
    public static bool TryNormalize(string metadata, string value, out string? normalized, out string expected)
    {
        value = value.Trim();
        if (Words.TryGetValue(metadata, out string[]? words))
        {
            normalized = Array.Find(words, word => string.Equals(word, value, StringComparison.OrdinalIgnoreCase));
            expected = normalized is null ? "one of " + string.Join(", ", words) : string.Empty;
            return normalized is not null;
        }

        switch (metadata)
        {
            case ModelMetadata.Overrides:
                string[] parts = FileList.Split(value);
                normalized = parts.All(part => s_override.IsMatch(part)) ? string.Join(";", parts) : null;
                expected = normalized is null ? "a list such as down=W8; layers.3.attention.o=W4B32 (widths W8, W4, W4B64, W4B32; layers.* for all)" : string.Empty;
                return normalized is not null;
            case ModelMetadata.Alpha:
                bool good = value.Length == 0 || (TryNumber(value, out double alpha) && alpha > 0 && alpha < 1);
                normalized = good ? value : null;
                expected = good ? string.Empty : "a number between 0 and 1, such as 0.7, or nothing to have it searched";
                return good;
            case ModelMetadata.WideSites:
                bool sites = s_wideSites.IsMatch(value);
                normalized = value.Length == 0 ? "auto" : sites ? value.ToLowerInvariant() : null;
                expected = normalized is not null ? string.Empty : "auto, auto:N, a number, or inputs such as layers.3.mlp.down.input or layers.*.mlp.down.input, separated by semicolons";
                return normalized is not null;
            case ModelMetadata.Prefix:
                normalized = value.Length == 0 ? "none" : value;
                expected = string.Empty;
                return true;
            case ModelMetadata.RecipeSettings:
                // Keys and values are the engine's business, and a file is looked for where the project is known.
                bool pairs = !value.Contains('=') || FileList.Split(value).All(part => part.IndexOf('=') > 0);
                normalized = !pairs ? null : value.Contains('=') ? value : value.Replace('\\', '/');
                expected = pairs ? string.Empty : "a JSON file, or settings such as steps=200; loss=logits";
                return pairs;
            case ModelMetadata.MaxPerplexityIncrease:
                bool percent = value.EndsWith("%", StringComparison.Ordinal);
                bool share = value.Length == 0 || (TryNumber(percent ? value.Substring(0, value.Length - 1).TrimEnd() : value, out double increase) && (percent || increase < 1));
                normalized = share ? value : null;
                expected = share ? string.Empty : "a percentage such as 10%, or a share below 1 such as 0.1";
                return share;
            case ModelMetadata.MinSqnr:
                bool decibels = value.Length == 0 || (TryNumber(value, out double ratio) && ratio <= 200);
                normalized = decibels ? value : null;
                expected = decibels ? string.Empty : "a number of decibels from 0 to 200, such as 15";
                return decibels;
            case ModelMetadata.Pack:
                normalized = value.ToLowerInvariant() is "true" or "false" ? value.ToLowerInvariant() : null;
                expected = normalized is null ? "true or false" : string.Empty;
                return normalized is not null;
            case ModelMetadata.Seed:
                bool whole = int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int seed);
                normalized = whole ? seed.ToString(CultureInfo.InvariantCulture) : null;
                expected = whole ? string.Empty : "a whole number";
                return whole;
            default:
                normalized = value;
                expected = string.Empty;
                return true;
        }
    }

    private static bool TryNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);
}
