using TorchSharp;

namespace MobileQuant.Modeling;

/// <summary>Token ids as the int64 tensors that the model reads.</summary>
public static class TokenTensor
{
    /// <summary>One sequence.</summary>
    /// <param name="ids">Token ids.</param>
    /// <returns>int64 [1, tokens].</returns>
    public static torch.Tensor Of(ReadOnlySpan<int> ids)
    {
        long[] wide = new long[ids.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            wide[i] = ids[i];
        }

        return torch.tensor(wide, [1, ids.Length]);
    }

    /// <summary>Sequences of one length, side by side.</summary>
    /// <param name="sequences">At least one.</param>
    /// <returns>int64 [sequences, tokens].</returns>
    public static torch.Tensor Of(IReadOnlyList<int[]> sequences)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        long[] wide = [.. sequences.SelectMany(sequence => sequence.Select(id => (long)id))];
        return torch.tensor(wide, [sequences.Count, wide.Length / sequences.Count]);
    }
}
