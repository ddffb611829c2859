using MobileQuant.Modeling;

namespace MobileQuant.Quantization;

/// <summary>The schemes of all linear layers of a decoder: one for most, others where the user or a search says so.</summary>
public sealed class WeightSchemes
{
    private readonly IReadOnlyDictionary<(int Layer, LinearKind Kind), WeightScheme> _overrides;

    /// <summary>Creates the table.</summary>
    /// <param name="default">For linear layers without an override.</param>
    /// <param name="overrides">By decoder layer and linear layer.</param>
    public WeightSchemes(WeightScheme @default, IReadOnlyDictionary<(int Layer, LinearKind Kind), WeightScheme>? overrides = null)
    {
        Default = @default;
        _overrides = overrides ?? new Dictionary<(int Layer, LinearKind Kind), WeightScheme>();
    }

    /// <summary>For linear layers without an override.</summary>
    public WeightScheme Default { get; }

    /// <summary>The scheme of a linear layer.</summary>
    /// <param name="layer">The decoder layer.</param>
    /// <param name="kind">The linear layer.</param>
    /// <returns>Its scheme.</returns>
    public WeightScheme this[int layer, LinearKind kind]
    {
        get
        {
            WeightScheme scheme = _overrides.TryGetValue((layer, kind), out WeightScheme own) ? own : Default;

            // The paper's per-tensor form keeps the down projection per channel; blocks have a channel scale always.
            return kind == LinearKind.Down || scheme.BlockSize > 0 ? scheme with { Granularity = WeightGranularity.Channel } : scheme;
        }
    }
}
