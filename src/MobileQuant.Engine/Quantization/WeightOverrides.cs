using System.Globalization;
using System.Text.RegularExpressions;
using MobileQuant.Modeling;

namespace MobileQuant.Quantization;

/// <summary>
/// Other widths for some linear layers, as a user writes them: <c>down=W8; layers.3.attention.o=W4B32</c>. A name is a linear
/// layer's (<c>layers.3.mlp.down</c>, with <c>*</c> for any layer) or its last part alone; of several that name a layer, the last counts.
/// </summary>
public sealed partial class WeightOverrides
{
    private static readonly (string Name, LinearKind Kind)[] s_names =
    [
        ("attention.q", LinearKind.Query), ("attention.k", LinearKind.Key), ("attention.v", LinearKind.Value), ("attention.o", LinearKind.Output),
        ("mlp.gate", LinearKind.Gate), ("mlp.up", LinearKind.Up), ("mlp.down", LinearKind.Down),
    ];

    private static readonly (string Name, int Bits, int BlockSize)[] s_widths = [("W8", 8, 0), ("W4", 4, 0), ("W4B64", 4, 64), ("W4B32", 4, 32)];

    private readonly IReadOnlyList<Part> _parts;

    private WeightOverrides(IReadOnlyList<Part> parts) => _parts = parts;

    /// <summary>All linear layers alike.</summary>
    public static WeightOverrides None { get; } = new([]);

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => _parts.Count == 0;

    /// <summary>Reads overrides.</summary>
    /// <param name="text">Parts NAME=WIDTH separated by semicolons, in any case; empty: none.</param>
    /// <returns>The overrides.</returns>
    /// <exception cref="MobileQuantException">MQ1015: an unknown name or width.</exception>
    public static WeightOverrides Parse(string? text)
    {
        string[] parts = (text ?? string.Empty).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return parts.Length == 0 ? None : new([.. parts.Select(ParsePart)]);
    }

    /// <summary>The schemes of a decoder's linear layers.</summary>
    /// <param name="default">For those without an override.</param>
    /// <param name="symmetry">Of the overridden; by default symmetric for 8 bits and asymmetric for 4.</param>
    /// <param name="architecture">The decoder.</param>
    /// <returns>The table.</returns>
    /// <exception cref="MobileQuantException">MQ1015: a name matches no linear layer of the decoder.</exception>
    public WeightSchemes Apply(WeightScheme @default, WeightSymmetry symmetry, DecoderArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        Dictionary<(int Layer, LinearKind Kind), WeightScheme> table = [];
        foreach (Part part in _parts)
        {
            if (part.Layer >= architecture.LayerCount || (part.Kind == LinearKind.Gate && !architecture.GatedMlp))
            {
                throw Unknown(part.ToString(), $"matches no linear layer: this model has layers 0 to {architecture.LayerCount - 1}{(architecture.GatedMlp ? "" : " and no gate")}");
            }

            WeightSymmetry resolved = symmetry != WeightSymmetry.Default ? symmetry : part.Bits == 8 ? WeightSymmetry.Symmetric : WeightSymmetry.Asymmetric;
            WeightScheme scheme = new(part.Bits, resolved, @default.Granularity, part.BlockSize);
            for (int layer = part.Layer ?? 0; layer <= (part.Layer ?? (architecture.LayerCount - 1)); layer++)
            {
                table[(layer, part.Kind)] = scheme;
            }
        }

        return new(@default, table);
    }

    /// <summary>The overrides in their one spelling, which <see cref="Parse"/> reads.</summary>
    /// <returns>Parts separated by semicolons.</returns>
    public override string ToString() => string.Join("; ", _parts);

    private static Part ParsePart(string text)
    {
        Match match = Pattern().Match(text);
        if (!match.Success)
        {
            throw Unknown(text, "is not NAME=WIDTH");
        }

        string name = match.Groups["name"].Value.ToLowerInvariant();
        string layer = match.Groups["layer"].Value;
        int known = Array.FindIndex(s_names, n => n.Name == name || (layer.Length == 0 && n.Name.EndsWith("." + name, StringComparison.Ordinal)));
        if (known < 0)
        {
            throw Unknown(text, "names no linear layer");
        }

        int width = Array.FindIndex(s_widths, w => string.Equals(w.Name, match.Groups["width"].Value, StringComparison.OrdinalIgnoreCase));
        if (width < 0)
        {
            throw Unknown(text, "has an unknown width");
        }

        int index = 0;
        if (layer is not ("" or "*") && !int.TryParse(layer, NumberStyles.None, CultureInfo.InvariantCulture, out index))
        {
            throw Unknown(text, "has no layer number");
        }

        return new(layer is "" or "*" ? null : index, s_names[known].Kind, s_widths[width].Bits, s_widths[width].BlockSize);
    }

    private static MobileQuantException Unknown(string text, string what) => new(
        "MQ1015",
        $"The override '{text}' {what}.",
        $"Write NAME=WIDTH, such as down=W8 or layers.3.attention.o=W4B32: names are {string.Join(", ", s_names.Select(n => "layers.*." + n.Name))} or their last part alone, widths {string.Join(", ", s_widths.Select(w => w.Name))}.");

    [GeneratedRegex(@"^(layers\.(?<layer>[0-9]+|\*)\.)?(?<name>[a-z.]+)\s*=\s*(?<width>[a-z0-9]+)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();

    private sealed record Part(int? Layer, LinearKind Kind, int Bits, int BlockSize)
    {
        public override string ToString() =>
            $"layers.{Layer?.ToString(CultureInfo.InvariantCulture) ?? "*"}.{s_names.First(n => n.Kind == Kind).Name}={s_widths.First(w => w.Bits == Bits && w.BlockSize == BlockSize).Name}";
    }
}
