using MobileQuant.Arithmetic;

namespace MobileQuant.Programs;

/// <summary>Token embedding: s8 codes per row, in the same packed bytes as a head ([vocabulary, hidden]), and a factor per row to residual codes.</summary>
internal sealed class EmbeddingProgram
{
    public required NativeSpan<byte> Weights { get; init; }

    public required int Hidden { get; init; }

    public required FixedPointFactor[] Factors { get; init; }

    /// <summary>Writes the residual row of a token.</summary>
    public void Lookup(int token, Span<int> residual)
    {
        ReadOnlySpan<byte> weights = Weights.Span;
        FixedPointFactor factor = Factors[token];
        long tile = token / LinearProgram.TileRows * PackedLayout.TileBytes(WeightFormat.S8, Hidden);
        int row = (int)tile + (token % LinearProgram.TileRows * 4);
        for (int k = 0; k < Hidden; k++)
        {
            residual[k] = (int)Requantize.Scale((sbyte)weights[row + (k / 4 * 64) + (k % 4)], factor);
        }
    }
}
