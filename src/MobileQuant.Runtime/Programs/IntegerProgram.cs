namespace MobileQuant.Programs;

/// <summary>A whole decoder in integers, from token id to logits. Plain data; <c>Decoding</c> runs it.</summary>
internal sealed class IntegerProgram
{
    /// <summary>Logits are s32 with 16 fraction bits.</summary>
    public const int LogitFractionBits = 16;

    public required ProgramShape Shape { get; init; }

    public required EmbeddingProgram Embedding { get; init; }

    /// <summary>Phase increments of the rotary pairs, in 2^-64 turns per position.</summary>
    public required ulong[] RotaryIncrements { get; init; }

    public required LayerProgram[] Layers { get; init; }

    public required NormProgram FinalNorm { get; init; }

    /// <summary>Width of the head's input codes, 9..16: the widest for which its accumulators are proven.</summary>
    public required int HeadInputBits { get; init; }

    /// <summary>The language-model head; shares the embedding's bytes when tied.</summary>
    public required LinearProgram Head { get; init; }

    /// <summary>What every session starts behind; null for nothing.</summary>
    public PrefixProgram? Prefix { get; init; }

    /// <summary>Positions that are left to a session.</summary>
    public int FreePositions => Shape.Context - (Prefix?.Length ?? 0);

    /// <summary>Whether any input of the layers is wide, so that a row may take two rows of bytes.</summary>
    public bool HasWideInputs => Layers.Any(l => l.AttentionInput.IsWide || l.OutputInput.IsWide || l.FeedForwardInput.IsWide || l.DownInput.IsWide);

    /// <summary>Bytes of the KV cache per position: u8 K and V.</summary>
    public long CacheBytesPerPosition => 2L * Shape.Layers * Shape.KeyValueHeads * Shape.HeadSize;

    /// <summary>Weight bytes that one decoded token reads.</summary>
    public long WeightBytesPerToken
    {
        get
        {
            long bytes = Bytes(Head);
            foreach (LayerProgram l in Layers)
            {
                bytes += Bytes(l.Query) + Bytes(l.Key) + Bytes(l.Value) + Bytes(l.Output) + Bytes(l.Gate) + Bytes(l.Up) + Bytes(l.Down);
            }

            return bytes;

            static long Bytes(LinearProgram linear) => linear.Weights.Length;
        }
    }
}
