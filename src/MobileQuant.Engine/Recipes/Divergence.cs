using MobileQuant.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Recipes;

/// <summary>How far a quantized model's next-token distributions are from the float model's.</summary>
internal static class Divergence
{
    private const long ElementsPerChunk = 1 << 22;

    /// <summary>Mean Kullback-Leibler divergence, float from quantized, in nats per token.</summary>
    /// <param name="model">Gives the head.</param>
    /// <param name="reference">Float input of the head, [batch, tokens, hidden].</param>
    /// <param name="hidden">The same of the quantized model.</param>
    /// <param name="tap">Quantizes the head for the latter.</param>
    public static double OfHeads(DecoderModel model, torch.Tensor reference, torch.Tensor hidden, ISiteTap tap)
    {
        using IDisposable noGradient = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor expected = reference.view(-1, model.Architecture.HiddenSize);
        torch.Tensor actual = hidden.view(-1, model.Architecture.HiddenSize);
        torch.Tensor head = tap.ApplyHead(model.Placed.Head);
        long rows = expected.shape[0];
        long chunk = Math.Max(1, ElementsPerChunk / model.Architecture.VocabularySize);
        double sum = 0;
        for (long start = 0; start < rows; start += chunk)
        {
            using DisposeScope inner = torch.NewDisposeScope();
            long count = Math.Min(chunk, rows - start);
            torch.Tensor p = torch.nn.functional.linear(expected.narrow(0, start, count), model.Placed.Head).log_softmax(-1);
            torch.Tensor q = torch.nn.functional.linear(actual.narrow(0, start, count), head).log_softmax(-1);
            sum += OrderedSum.Of(p.exp() * (p - q));
        }

        return sum / rows;
    }
}
