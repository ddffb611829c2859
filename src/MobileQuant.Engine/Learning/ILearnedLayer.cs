using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Learning;

/// <summary>What is learned about the weights of one decoder layer, and the weights that it makes for a pass.</summary>
internal interface ILearnedLayer : IDisposable
{
    /// <summary>The weights of a pass: leaves that gather gradients.</summary>
    LayerWeights Weights { get; }

    /// <summary>Keys of the prefix, or null.</summary>
    LearnedPrefix? Keys { get; }

    /// <summary>Values of the prefix, or null.</summary>
    LearnedPrefix? Values { get; }

    /// <summary>All that is learned, in a fixed order.</summary>
    IEnumerable<LearnedParameter> Parameters { get; }

    /// <summary>Makes the weights for the next passes from the parameters.</summary>
    void Fill();

    /// <summary>Hands what the leaves gathered to the parameters.</summary>
    void TakeGradients();

    /// <summary>
    /// Folds what was learned into the graph's weights, in place, and into grids or codes. Passes make no sense afterwards.
    /// </summary>
    /// <param name="clips">Receives what the grids of the folded weights cover.</param>
    /// <param name="codes">Receives codes with learned scales.</param>
    void Fold(IDictionary<(int Layer, LinearKind Kind), WeightClip> clips, IDictionary<(int Layer, LinearKind Kind), QuantizedWeight> codes);
}
