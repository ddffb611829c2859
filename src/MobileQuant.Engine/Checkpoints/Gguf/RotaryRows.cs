namespace MobileQuant.Checkpoints.Gguf;

/// <summary>
/// Puts interleaved rows of q and k back. Rotary embedding turns pairs of channels. Some GGUF architectures turn neighbours
/// (2i, 2i + 1), and their writers have ordered the rows of each head for it; <see cref="Modeling.RotarySettings"/> turns
/// channel i with i + rotated / 2. Row j * rotated / 2 + i of a head here is row 2i + j of the file.
/// </summary>
internal static class RotaryRows
{
    /// <summary>Reads a run of elements of a weight [heads * head size, input] or a bias [heads * head size] in the order of halves.</summary>
    /// <param name="file">The file.</param>
    /// <param name="tensor">Weight or bias of q or k.</param>
    /// <param name="headSize">Rows of a head.</param>
    /// <param name="rotated">Rows of a head that are rotated, which come first; even.</param>
    /// <param name="start">First element.</param>
    /// <param name="destination">Receives as many elements as it has room for.</param>
    /// <exception cref="MobileQuantException">MQ2006: the rows are not whole heads.</exception>
    public static void Read(GgufFile file, GgufTensor tensor, int headSize, int rotated, long start, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, tensor.ElementCount - destination.Length);
        long columns = tensor.Shape.Count == 1 ? 1 : tensor.Shape[1];
        if (tensor.Shape[0] % headSize != 0)
        {
            throw new MobileQuantException(
                "MQ2006",
                $"{file.Path}: tensor '{GgufCursor.Show(tensor.Name)}' has the shape [{string.Join(", ", tensor.Shape)}]: its rows are not whole heads of {headSize}.",
                "The metadata do not belong to these weights; use another file of the model.");
        }

        long row = start / columns;
        long column = start % columns;
        while (!destination.IsEmpty)
        {
            int count = (int)Math.Min(columns - column, destination.Length);
            file.Read(tensor, (StoredRow(row, headSize, rotated) * columns) + column, destination[..count]);
            destination = destination[count..];
            column = 0;
            row++;
        }
    }

    /// <summary>Where the file keeps a row.</summary>
    public static long StoredRow(long row, int headSize, int rotated)
    {
        long within = row % headSize;
        if (within >= rotated)
        {
            return row;
        }

        int half = rotated / 2;
        return row - within + (2 * (within % half)) + (within / half);
    }
}
