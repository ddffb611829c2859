namespace MobileQuant.Quantization;

/// <summary>What <c>Precision="..."</c> names: widths of weights and activations of the decoder's linear layers.</summary>
/// <param name="WeightBits">8 or 4. Embedding and head are always 8.</param>
/// <param name="ActivationBits">8.</param>
/// <param name="BlockSize">Consecutive weights of a row that share an integer block scale: 64 or 32, or 0 for one scale per row.</param>
public sealed record Precision(int WeightBits, int ActivationBits, int BlockSize = 0)
{
    /// <summary>8-bit weights per channel, 8-bit activations.</summary>
    public static Precision W8A8 { get; } = new(8, 8);

    /// <summary>4-bit weights per channel, 8-bit activations.</summary>
    public static Precision W4A8 { get; } = new(4, 8);

    /// <summary>4-bit weights in blocks of 64 with integer block scales, 8-bit activations.</summary>
    public static Precision W4B64A8 { get; } = new(4, 8, 64);

    /// <summary>4-bit weights in blocks of 32 with integer block scales, 8-bit activations.</summary>
    public static Precision W4B32A8 { get; } = new(4, 8, 32);

    /// <summary>All that this version knows.</summary>
    public static IReadOnlyList<Precision> All { get; } = [W8A8, W4A8, W4B64A8, W4B32A8];

    /// <summary>Reads a precision string.</summary>
    /// <param name="text">W8A8, W4A8, W4B64A8 or W4B32A8, in any case.</param>
    /// <returns>The precision.</returns>
    /// <exception cref="MobileQuantException">MQ1002: unknown.</exception>
    public static Precision Parse(string text)
    {
        foreach (Precision p in All)
        {
            if (string.Equals(p.ToString(), text?.Trim(), StringComparison.OrdinalIgnoreCase))
            {
                return p;
            }
        }

        throw new MobileQuantException("MQ1002", $"Unknown precision '{text}'.", $"Use one of: {string.Join(", ", All)}.");
    }

    /// <inheritdoc/>
    public override string ToString() => BlockSize == 0 ? $"W{WeightBits}A{ActivationBits}" : $"W{WeightBits}B{BlockSize}A{ActivationBits}";
}

/// <summary>Where activation scales come from.</summary>
public enum ActivationMode
{
    /// <summary>Scale and zero point per token, found in integers at run time. The default on CPUs.</summary>
    Token,

    /// <summary>One scale and zero point per tensor, from calibration: the paper's form.</summary>
    Static,
}

/// <summary>The grid of the weights.</summary>
public enum WeightSymmetry
{
    /// <summary>Symmetric for 8 bits, asymmetric for 4.</summary>
    Default,

    /// <summary>Zero point 0.</summary>
    Symmetric,

    /// <summary>Integer zero point per channel.</summary>
    Asymmetric,
}

/// <summary>How many weights share a scale.</summary>
public enum WeightGranularity
{
    /// <summary>One scale per output channel.</summary>
    Channel,

    /// <summary>One scale per matrix, except the down projection: the paper's W8A8 (method table, [R]).</summary>
    Tensor,
}
