namespace MobileQuant.Programs;

/// <summary>
/// A linear layer in integers, y = W x + b, with W [N, K] packed as <see cref="Format"/> tells.
/// For codes w, their zero point zw (4-bit asymmetric only), input codes x with zero point z, and in blocks b of columns
/// with scales s and zero points zb:
/// <code>
/// acc[n] = sum_k w[n,k]*x[k] - z*RowSum[n] - zw[n]*sum_k x[k]        s32, proven by lowering
/// acc[n] = sum_b s[n,b] * (sum_k w[n,k]*x[k] - zb[n,b]*sum_k x[k]) - z*RowSum[n]        k in b
/// y[n]   = clamp(scale(acc[n], fold(Multiplier[n], row)) + Bias[n], OutputMinimum, OutputMaximum)
/// </code>
/// All per-channel arrays have ceil(N/16)*16 elements; padding rows give 0.
/// </summary>
internal sealed class LinearProgram
{
    /// <summary>Rows in a tile of packed weights.</summary>
    public const int TileRows = 16;

    /// <summary>The name of the linear layer in the artifact, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>K, the length of an input row.</summary>
    public required int InputSize { get; init; }

    /// <summary>N, the length of an output row.</summary>
    public required int OutputSize { get; init; }

    /// <summary>The layout of <see cref="Weights"/>.</summary>
    public required WeightFormat Format { get; init; }

    /// <summary>Packed codes.</summary>
    public required NativeSpan<byte> Weights { get; init; }

    /// <summary>sum_k (w[n,k] - zw[n]) per row; with blocks sum_k s[n,b] * (w[n,k] - zb[n,b]).</summary>
    public required NativeSpan<int> RowSums { get; init; }

    /// <summary>Channel multipliers in [2^30, 2^31), or 0.</summary>
    public required NativeSpan<int> Multipliers { get; init; }

    /// <summary>Channel shifts in 1..62.</summary>
    public required NativeSpan<byte> Shifts { get; init; }

    /// <summary>Zero points of the weights in [-8, 7]; empty when all are 0, and with blocks.</summary>
    public NativeSpan<sbyte> ZeroPoints { get; init; }

    /// <summary>Biases in output codes; empty when there is none.</summary>
    public NativeSpan<int> Bias { get; init; }

    /// <summary>Smallest output.</summary>
    public required int OutputMinimum { get; init; }

    /// <summary>Largest output.</summary>
    public required int OutputMaximum { get; init; }

    /// <summary>Number of row tiles.</summary>
    public int TileCount => (OutputSize + TileRows - 1) / TileRows;

    /// <summary>K rounded up to the layout's step: the length that input rows are padded to, with zeros.</summary>
    public int PaddedInputSize => PackedLayout.PaddedInputSize(Format, InputSize);

    /// <summary>Columns that share a block scale; 0 when there are no blocks.</summary>
    public int BlockSize => PackedLayout.BlockSize(Format);

    /// <summary>Bytes of one row tile.</summary>
    public long TileBytes => PackedLayout.TileBytes(Format, InputSize);
}
