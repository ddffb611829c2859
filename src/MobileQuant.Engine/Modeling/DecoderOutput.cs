using TorchSharp;

namespace MobileQuant.Modeling;

/// <summary>What a forward pass gave. Owns its tensors.</summary>
/// <param name="Logits">float32 [batch, tokens, vocabulary].</param>
/// <param name="HiddenStates">
/// When asked for: the residual stream [batch, tokens, hidden] before each layer, then the output of the final norm.
/// </param>
public sealed record DecoderOutput(torch.Tensor Logits, IReadOnlyList<torch.Tensor> HiddenStates) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Logits.Dispose();
        foreach (torch.Tensor state in HiddenStates)
        {
            state.Dispose();
        }
    }
}
