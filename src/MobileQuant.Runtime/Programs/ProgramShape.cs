namespace MobileQuant.Programs;

/// <summary>The sizes of an integer program.</summary>
/// <param name="Layers">Decoder layers.</param>
/// <param name="Hidden">Width of the residual stream, at most 2^14.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads; divides Heads.</param>
/// <param name="HeadSize">Elements of a head, at most 256.</param>
/// <param name="FeedForward">Width of the gated MLP.</param>
/// <param name="Vocabulary">Token ids.</param>
/// <param name="Context">Largest number of positions.</param>
public sealed record ProgramShape(
    int Layers,
    int Hidden,
    int Heads,
    int KeyValueHeads,
    int HeadSize,
    int FeedForward,
    int Vocabulary,
    int Context)
{
    /// <summary>Throws unless every size is one that the arithmetic's bounds hold for.</summary>
    /// <exception cref="MobileQuantException">MQ6002.</exception>
    public void Validate()
    {
        Check(nameof(Layers), Layers, 4096);
        Check(nameof(Hidden), Hidden, Arithmetic.InverseRoot.MaximumSize);
        Check(nameof(Heads), Heads, 4096);
        Check(nameof(KeyValueHeads), KeyValueHeads, Heads);
        Check(nameof(HeadSize), HeadSize, 256);
        Check(nameof(FeedForward), FeedForward, 1 << 17);
        Check(nameof(Vocabulary), Vocabulary, 1 << 22);
        Check(nameof(Context), Context, 1 << 17);
        if (Heads % KeyValueHeads != 0 || HeadSize % 2 != 0)
        {
            throw new MobileQuantException("MQ6002", $"The model's shape is not one this runtime runs: {this}.", "Heads must be a multiple of key-value heads, and the head size even.");
        }
    }

    private static void Check(string name, int value, int largest)
    {
        if (value < 1 || value > largest)
        {
            throw new MobileQuantException("MQ6002", $"{name} is {value}; expected 1..{largest}.", "The model's sizes are outside of what the integer arithmetic is proven for.");
        }
    }
}
