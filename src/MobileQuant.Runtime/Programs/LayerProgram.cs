using MobileQuant.Arithmetic;

namespace MobileQuant.Programs;

/// <summary>
/// One decoder layer in integers. The <c>...Input</c> quantizers tell how the inputs of its linear layers become codes.
/// </summary>
internal sealed class LayerProgram
{
    public required NormProgram AttentionNorm { get; init; }

    public InputQuantizer AttentionInput { get; init; }

    public required LinearProgram Query { get; init; }

    public required LinearProgram Key { get; init; }

    public required LinearProgram Value { get; init; }

    public required AttentionProgram Attention { get; init; }

    public InputQuantizer OutputInput { get; init; }

    /// <summary>To residual codes, clamped at the branch's bound.</summary>
    public required LinearProgram Output { get; init; }

    public required NormProgram FeedForwardNorm { get; init; }

    public InputQuantizer FeedForwardInput { get; init; }

    public required LinearProgram Gate { get; init; }

    public required LinearProgram Up { get; init; }

    /// <summary>Knots of the gate activation, see <see cref="ActivationTable"/>.</summary>
    public required NativeSpan<short> Activation { get; init; }

    /// <summary>log2 of the codes between knots.</summary>
    public required int ActivationSpacingBits { get; init; }

    public InputQuantizer DownInput { get; init; }

    /// <summary>To residual codes, clamped at the branch's bound.</summary>
    public required LinearProgram Down { get; init; }
}
