using MobileQuant.Quantization;

namespace MobileQuant.Recipes;

/// <summary>SmoothQuant (arXiv 2211.10438): moves outliers from activations into weights, between norms and the linear layers behind them.</summary>
public sealed class SmoothQuant : IRecipe
{
    /// <inheritdoc/>
    public string Name => "SmoothQuant";

    /// <inheritdoc/>
    public string Description => "moves outliers of activations into weights, for norm to q, k, v and norm to gate, up";

    /// <inheritdoc/>
    public RecipeOutcome Apply(RecipeContext context) =>
        SmoothingSearch.Run(context, [SmoothingKind.AttentionNorm, SmoothingKind.MlpNorm]);
}
