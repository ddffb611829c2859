using System.Globalization;
using System.Text.RegularExpressions;
using MobileQuant.Modeling;

namespace MobileQuant.Quantization;

/// <summary>Which inputs of linear layers keep 16 bits under static activations: what <c>WideSites</c> says.</summary>
public sealed partial record WideSites
{
    /// <summary>Most sites that <c>auto</c> takes unless told otherwise.</summary>
    public const int DefaultBudget = 16;

    private WideSites(bool isSearched, int count, string patterns) => (IsSearched, Count, Patterns) = (isSearched, count, patterns);

    /// <summary>Up to <see cref="DefaultBudget"/> sites, as long as each pays.</summary>
    public static WideSites Auto { get; } = new(true, DefaultBudget, string.Empty);

    /// <summary>None: the paper's form.</summary>
    public static WideSites None { get; } = new(false, 0, string.Empty);

    /// <summary>Whether a site must pay to be taken.</summary>
    public bool IsSearched { get; }

    /// <summary>How many of the most sensitive sites, or at most how many when they are searched.</summary>
    public int Count { get; }

    /// <summary>Names of sites, separated by semicolons, when they are listed; else empty.</summary>
    public string Patterns { get; }

    /// <summary>Reads a choice.</summary>
    /// <param name="text"><c>auto</c>, <c>auto:N</c>, a number, or names of sites separated by semicolons, <c>*</c> standing for any layer.</param>
    /// <returns>The choice.</returns>
    /// <exception cref="MobileQuantException">MQ1016: it is none of these.</exception>
    public static WideSites Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string trimmed = text.Trim().ToLowerInvariant();
        if (trimmed is "" or "auto")
        {
            return Auto;
        }

        bool searched = trimmed.StartsWith("auto:", StringComparison.Ordinal);
        if (int.TryParse(searched ? trimmed["auto:".Length..] : trimmed, NumberStyles.None, CultureInfo.InvariantCulture, out int count))
        {
            return new(searched, count, string.Empty);
        }

        string[] names = trimmed.Split([';', ','], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string? bad = searched ? trimmed : names.FirstOrDefault(name => !Name().IsMatch(name));
        return bad is null && names.Length > 0
            ? new(false, 0, string.Join(';', names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)))
            : throw new MobileQuantException(
                "MQ1016",
                $"'{bad ?? text}' names no wide sites.",
                $"Use auto, auto:N, a number, or inputs of linear layers such as layers.3.mlp.down.input or layers.*.mlp.down.input, separated by semicolons.");
    }

    /// <summary>The sites of a list.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <returns>All that the names stand for; empty when nothing is listed.</returns>
    /// <exception cref="MobileQuantException">MQ3030: a name stands for no input of a linear layer of this decoder.</exception>
    public IReadOnlySet<Site> Resolve(DecoderArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        Site[] inputs = [.. Site.Enumerate(architecture).Where(site => site.IsLinearInput)];
        HashSet<Site> sites = [];
        foreach (string name in Patterns.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            Site[] named = [.. inputs.Where(site => name == site.ToString() || name == site.ToString().Replace($".{site.Layer.ToString(CultureInfo.InvariantCulture)}.", ".*.", StringComparison.Ordinal))];
            if (named.Length == 0)
            {
                throw new MobileQuantException(
                    "MQ3030",
                    $"'{name}' is no input of a linear layer of this model, which has {architecture.LayerCount} layers (0 to {architecture.LayerCount - 1}).",
                    "Inputs of linear layers are layers.N.attention.input, layers.N.attention.o.input, layers.N.mlp.input and layers.N.mlp.down.input; 'mobilequant inspect --sites' lists them.");
            }

            sites.UnionWith(named);
        }

        return sites;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        Patterns.Length > 0 ? Patterns : IsSearched ? $"auto:{Count.ToString(CultureInfo.InvariantCulture)}" : Count.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^layers\.(\*|[0-9]+)(\.[a-z_]+)+$")]
    private static partial Regex Name();
}
