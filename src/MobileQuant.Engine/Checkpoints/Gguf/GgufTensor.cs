namespace MobileQuant.Checkpoints.Gguf;

/// <summary>A tensor of a GGUF file; its place has been checked against the file.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Type">How its elements are stored.</param>
/// <param name="Shape">Dimensions, outermost first (the file has them the other way round).</param>
/// <param name="Offset">First byte, from the start of the file.</param>
/// <param name="Length">Bytes.</param>
public sealed record GgufTensor(string Name, GgufTensorType Type, IReadOnlyList<long> Shape, long Offset, long Length)
{
    /// <summary>Number of elements; at least 1.</summary>
    public long ElementCount { get; } = Shape.Aggregate(1L, (product, dimension) => product * dimension);
}
