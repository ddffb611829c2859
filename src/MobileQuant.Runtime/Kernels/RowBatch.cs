using MobileQuant.Arithmetic;

namespace MobileQuant.Kernels;

/// <summary>
/// Quantized input rows of a linear layer: <c>codes[Rows][Stride]</c> with a scale and a code sum per logical row.
/// When <see cref="Wide"/>, each logical row is two code rows, high bytes then low bytes.
/// Memory is native or pinned and belongs to the caller.
/// </summary>
internal readonly unsafe struct RowBatch(byte* codes, int stride, int count, bool wide, RowScale* scales, int* sums)
{
    public byte* Codes { get; } = codes;

    /// <summary>Bytes from one code row to the next; at least the layer's padded input size.</summary>
    public int Stride { get; } = stride;

    /// <summary>Logical rows.</summary>
    public int Count { get; } = count;

    public bool Wide { get; } = wide;

    public RowScale* Scales { get; } = scales;

    public int* Sums { get; } = sums;
}
