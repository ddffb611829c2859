namespace MobileQuant.Quantization;

/// <summary>
/// An integer weight matrix: real[n,k] = (Codes[n,k] - ZeroPoints[n]) * Scales[n], or with blocks
/// real[n,k] = (Codes[n,k] - BlockZeroPoints[n,b]) * BlockScales[n,b] * Scales[n] with b = k / BlockSize. The simulation and the
/// integer program are made from the same codes.
/// </summary>
public sealed record QuantizedWeight
{
    /// <summary>8 or 4.</summary>
    public required int Bits { get; init; }

    /// <summary>Output channels.</summary>
    public required int Rows { get; init; }

    /// <summary>Input channels.</summary>
    public required int Columns { get; init; }

    /// <summary>Row-major [rows, columns]; 8 bits: [-127, 127], 4 bits: [-8, 7].</summary>
    public required sbyte[] Codes { get; init; }

    /// <summary>[rows], positive; equal for all rows when the scale is per tensor.</summary>
    public required float[] Scales { get; init; }

    /// <summary>[rows], codes of real 0, in the range of the codes; null when all are 0.</summary>
    public sbyte[]? ZeroPoints { get; init; }

    /// <summary>64 or 32, or 0 when there are no blocks. The last block of a row may be shorter.</summary>
    public int BlockSize { get; init; }

    /// <summary>[rows, ceil(columns / BlockSize)] in 1..63; null when there are no blocks.</summary>
    public byte[]? BlockScales { get; init; }

    /// <summary>[rows, ceil(columns / BlockSize)], in the range of the codes; null when there are no blocks or all are 0.</summary>
    public sbyte[]? BlockZeroPoints { get; init; }
}
