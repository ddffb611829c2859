namespace MobileQuant.Artifacts;

/// <summary>One tensor of a safetensors file as its header describes it.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="DType">The element type as the header spells it: F32, BF16, I8, U8, ...</param>
/// <param name="Shape">Dimensions, outermost first; empty for a scalar.</param>
/// <param name="Offset">First byte, from the start of the file.</param>
/// <param name="Length">Bytes.</param>
public sealed record TensorEntry(string Name, string DType, IReadOnlyList<long> Shape, long Offset, long Length)
{
    /// <summary>Product of the dimensions.</summary>
    public long ElementCount
    {
        get
        {
            long count = 1;
            foreach (long d in Shape)
            {
                count *= d;
            }

            return count;
        }
    }
}
