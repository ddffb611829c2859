namespace MobileQuant.Checkpoints;

/// <summary>Reads tensors of a checkpoint whose configuration and weights may contradict each other.</summary>
internal static class CheckedReading
{
    /// <summary>The name of the embedding: of two tied tensors a writer saves one, and some save the head.</summary>
    public static string EmbeddingName(ICheckpoint checkpoint)
    {
        string embedding = TensorNames.Weight(checkpoint.Names.Embedding);
        string head = TensorNames.Weight(checkpoint.Names.Head);
        return checkpoint.Architecture.TiedEmbeddings && !checkpoint.Contains(embedding) && checkpoint.Contains(head) ? head : embedding;
    }

    /// <summary>Compares a tensor's shape with the configuration's.</summary>
    /// <exception cref="MobileQuantException">MQ2005: no such tensor; MQ2006: another shape.</exception>
    public static void RequireShape(ICheckpoint checkpoint, string name, IReadOnlyList<long> shape)
    {
        IReadOnlyList<long> found = checkpoint.ShapeOf(name);
        if (!found.SequenceEqual(shape))
        {
            throw new MobileQuantException(
                "MQ2006",
                $"{checkpoint.Path}: tensor '{name}' has the shape [{string.Join(", ", found)}]; the configuration asks for [{string.Join(", ", shape)}].",
                "Check that config.json belongs to these weights.");
        }
    }

    /// <summary>Reads a run of elements, none of which is NaN or infinite.</summary>
    /// <exception cref="MobileQuantException">MQ2005, MQ2007; MQ2008: NaN or infinity.</exception>
    public static void Read(ICheckpoint checkpoint, string name, long start, Span<float> values)
    {
        checkpoint.Read(name, start, values);

        // A sum of finite float32 values in double is finite; one NaN or infinity makes it not.
        double sum = 0;
        foreach (float value in values)
        {
            sum += value;
        }

        if (double.IsFinite(sum))
        {
            return;
        }

        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                throw new MobileQuantException(
                    "MQ2008", $"{checkpoint.Path}: element {start + i} of tensor '{name}' is {values[i]}.", "The checkpoint is damaged or its training diverged; use another one.");
            }
        }
    }
}
