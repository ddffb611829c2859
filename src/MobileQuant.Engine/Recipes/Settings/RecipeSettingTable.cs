using System.Globalization;
using MobileQuant.Learning;
using MobileQuant.Quantization;

namespace MobileQuant.Recipes;

/// <summary>All settings of recipes with their ranges: what is checked, documented and shown.</summary>
public static class RecipeSettingTable
{
    /// <summary>Separates the parts of a value that is a list.</summary>
    private const char ListSeparator = ',';

    /// <summary>The settings, in the order in which they are shown.</summary>
    public static IReadOnlyList<RecipeSetting> All { get; } =
    [
        Word("scope", s => s.Scope, (s, value) => s with { Scope = value }),
        Word("loss", s => s.Loss, (s, value) => s with { Loss = value }),
        Integer("steps", 1, 1_000_000, s => s.Steps, (s, value) => s with { Steps = value }),
        Integer("batchSize", 1, 1024, s => s.BatchSize, (s, value) => s with { BatchSize = value }),
        Integer("windows", 1, 65536, s => s.Windows, (s, value) => s with { Windows = value }),
        Integer("windowLength", 8, 65536, s => s.WindowLength, (s, value) => s with { WindowLength = value }),
        Flag("afterRounding", s => s.AfterRounding, (s, value) => s with { AfterRounding = value }),
        Words("transformations", s => s.Transformations, (s, value) => s with { Transformations = value }),
        Flag("clips", s => s.Clips, (s, value) => s with { Clips = value }),
        Flag("ranges", s => s.Ranges, (s, value) => s with { Ranges = value }),
        Number("transformationRate", 1e-8, 1, s => s.TransformationRate, (s, value) => s with { TransformationRate = value }),
        Number("clipRate", 1e-8, 1, s => s.ClipRate, (s, value) => s with { ClipRate = value }),
        Number("rangeRate", 1e-8, 1, s => s.RangeRate, (s, value) => s with { RangeRate = value }),
        Number("scaleRate", 1e-8, 1, s => s.ScaleRate, (s, value) => s with { ScaleRate = value }),
        Number("finalRateFraction", 0, 1, s => s.FinalRateFraction, (s, value) => s with { FinalRateFraction = value }),
        Flag("keepsTargets", s => s.KeepsTargets, (s, value) => s with { KeepsTargets = value }),
    ];

    /// <summary>Reads one setting into others.</summary>
    /// <param name="settings">The others.</param>
    /// <param name="key">Its key, in any case.</param>
    /// <param name="value">Its value as text.</param>
    /// <param name="source">Where it was read, for messages.</param>
    /// <returns>The settings with it.</returns>
    /// <exception cref="MobileQuantException">MQ1019: it is set already; MQ3002: no such key; MQ3003: no such value.</exception>
    internal static RecipeSettings Set(RecipeSettings settings, string key, string value, string source)
    {
        if (All.FirstOrDefault(known => string.Equals(known.Key, key, StringComparison.OrdinalIgnoreCase)) is not { } setting)
        {
            string nearest = NearestName.Of(key, All.Select(known => known.Key));
            throw new MobileQuantException("MQ3002", $"{source}: there is no setting '{key}'. Did you mean '{nearest}'?", $"Settings are {string.Join(", ", All.Select(known => known.Key))}.");
        }

        if (setting.TextOf(settings) is not null)
        {
            throw new MobileQuantException("MQ1019", $"{source}: '{setting.Key}' is set twice.", "Leave one of them.");
        }

        return setting.With(settings, value.Trim())
            ?? throw new MobileQuantException("MQ3003", $"{source}: {setting.Key} is '{value}'; expected {setting.Allowed}.", $"Set {setting.Key} to {setting.Allowed}, or leave it out for the recipe's own value.");
    }

    /// <summary>Joins settings that are set.</summary>
    internal static string Join(IEnumerable<(string Key, string? Value)> settings) =>
        string.Join("; ", settings.Where(setting => setting.Value is not null).Select(setting => $"{setting.Key}={setting.Value}"));

    /// <summary>What learning was done with, key by key, for summaries.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> Describe(LearningSettings learning)
    {
        RecipeSettings all = new()
        {
            Scope = learning.Scope,
            Loss = learning.Scope == LearningScope.Block ? null : learning.Loss,
            Steps = learning.Steps,
            BatchSize = learning.BatchSize,
            Windows = learning.Windows,
            WindowLength = learning.WindowLength,
            AfterRounding = learning.AfterRounding ? true : null,
            Transformations = learning.AfterRounding ? null : learning.Transformations,
            Clips = learning.AfterRounding ? null : learning.Clips,
            Ranges = learning.Ranges,
            TransformationRate = !learning.AfterRounding && learning.Transformations.Count > 0 ? learning.TransformationRate : null,
            ClipRate = !learning.AfterRounding && learning.Clips ? learning.ClipRate : null,
            RangeRate = learning.Ranges ? learning.RangeRate : null,
            ScaleRate = learning.AfterRounding ? learning.ScaleRate : null,
            FinalRateFraction = learning.FinalRateFraction,
        };
        return from setting in All
               let text = setting.TextOf(all)
               where text is not null
               select new KeyValuePair<string, string>(setting.Key, text);
    }

    /// <summary>An enumeration's value as keys and values are spelled.</summary>
    internal static string NameOf<T>(T value)
        where T : struct, Enum
    {
        string name = value.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    private static RecipeSetting Integer(string key, int least, int most, Func<RecipeSettings, int?> get, Func<RecipeSettings, int, RecipeSettings> set) => new(
        key,
        FormattableString.Invariant($"a whole number from {least} to {most}"),
        settings => get(settings)?.ToString(CultureInfo.InvariantCulture),
        (settings, text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most ? set(settings, value) : null);

    private static RecipeSetting Number(string key, double least, double most, Func<RecipeSettings, double?> get, Func<RecipeSettings, double, RecipeSettings> set) => new(
        key,
        FormattableString.Invariant($"a number from {least} to {most}"),
        settings => get(settings)?.ToString("R", CultureInfo.InvariantCulture),
        (settings, text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most ? set(settings, value) : null);

    private static RecipeSetting Flag(string key, Func<RecipeSettings, bool?> get, Func<RecipeSettings, bool, RecipeSettings> set) => new(
        key,
        "true or false",
        settings => get(settings) is { } value ? value ? "true" : "false" : null,
        (settings, text) => bool.TryParse(text, out bool value) ? set(settings, value) : null);

    private static RecipeSetting Word<T>(string key, Func<RecipeSettings, T?> get, Func<RecipeSettings, T, RecipeSettings> set)
        where T : struct, Enum => new(
        key,
        string.Join(" or ", Enum.GetValues<T>().Select(NameOf)),
        settings => get(settings) is { } value ? NameOf(value) : null,
        (settings, text) => TryName(text, out T value) ? set(settings, value) : null);

    private static RecipeSetting Words(string key, Func<RecipeSettings, IReadOnlyList<SmoothingKind>?> get, Func<RecipeSettings, IReadOnlyList<SmoothingKind>, RecipeSettings> set) => new(
        key,
        $"none, all, or some of {string.Join(", ", Enum.GetValues<SmoothingKind>().Select(NameOf))}",
        settings => get(settings) is { } value ? value.Count == 0 ? "none" : string.Join(ListSeparator, value.Order().Select(NameOf)) : null,
        (settings, text) =>
        {
            if (text.Equals("none", StringComparison.OrdinalIgnoreCase) || text.Equals("all", StringComparison.OrdinalIgnoreCase))
            {
                return set(settings, text.Equals("all", StringComparison.OrdinalIgnoreCase) ? Enum.GetValues<SmoothingKind>() : []);
            }

            HashSet<SmoothingKind> kinds = [];
            foreach (string part in text.Split(ListSeparator, StringSplitOptions.TrimEntries))
            {
                if (!TryName(part, out SmoothingKind kind))
                {
                    return null;
                }

                kinds.Add(kind);
            }

            return set(settings, [.. kinds.Order()]);
        });

    /// <summary>Enum.TryParse would take numbers too.</summary>
    private static bool TryName<T>(string text, out T value)
        where T : struct, Enum
    {
        foreach (T candidate in Enum.GetValues<T>())
        {
            if (string.Equals(candidate.ToString(), text, StringComparison.OrdinalIgnoreCase))
            {
                value = candidate;
                return true;
            }
        }

        value = default;
        return false;
    }
}
