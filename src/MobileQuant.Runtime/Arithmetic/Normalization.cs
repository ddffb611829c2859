using MobileQuant.Programs;

namespace MobileQuant.Arithmetic;

/// <summary>Any norm over an s32 row.</summary>
internal static class Normalization
{
    /// <summary>Normalizes a row.</summary>
    /// <param name="row">s32 residual codes, H of them.</param>
    /// <param name="norm">What to compute.</param>
    /// <param name="output">Receives H values with |y| &lt; 2^30.</param>
    public static void Apply(ReadOnlySpan<int> row, NormProgram norm, Span<int> output)
    {
        if (norm.Form == NormForm.Layer)
        {
            LayerNorm.Apply(row, norm, output);
        }
        else
        {
            RootMeanSquareNorm.Apply(row, norm, output);
        }
    }
}
