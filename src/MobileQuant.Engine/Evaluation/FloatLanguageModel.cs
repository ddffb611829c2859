using System.Runtime.InteropServices;
using MobileQuant.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Evaluation;

/// <summary>The float model, or with a tap its simulation, as something to evaluate.</summary>
/// <param name="name">A short name for reports.</param>
/// <param name="model">The model; not owned.</param>
/// <param name="tap">A simulation, or null; not owned.</param>
public sealed class FloatLanguageModel(string name, DecoderModel model, ISiteTap? tap = null) : ILanguageModel
{
    private const long LogitsPerChunk = 1 << 22;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public int ContextLength => model.Architecture.ContextLength - model.Prefix.Count;

    /// <inheritdoc/>
    public void Score(ReadOnlySpan<int> ids, Span<TokenScore> scores)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ids.Length - 1, ContextLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(scores.Length, ids.Length);
        using torch.Tensor input = TokenTensor.Of(ids[..^1]);
        using torch.Tensor hidden = model.ForwardHidden(input, tap);
        int first = ids.Length - 1 - scores.Length;
        int chunk = (int)Math.Max(1, LogitsPerChunk / model.Architecture.VocabularySize);
        for (int done = 0; done < scores.Length; done += chunk)
        {
            int count = Math.Min(chunk, scores.Length - done);
            Score(hidden, first + done, ids.Slice(first + done + 1, count), scores.Slice(done, count));
        }
    }

    private void Score(torch.Tensor hidden, int position, ReadOnlySpan<int> targets, Span<TokenScore> scores)
    {
        using IDisposable noGradient = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor logits = model.ComputeLogits(hidden.narrow(1, position, targets.Length), tap);
        torch.Tensor target = TokenTensor.Of(targets).On(logits.device).unsqueeze(-1);
        torch.Tensor chosen = logits.gather(-1, target).squeeze(-1);
        torch.Tensor logSum = logits.logsumexp(-1);
        ReadOnlySpan<float> probabilities = MemoryMarshal.Cast<byte, float>((chosen - logSum).contiguous().cpu().bytes);
        ReadOnlySpan<long> best = MemoryMarshal.Cast<byte, long>(logits.argmax(-1).contiguous().cpu().bytes);
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = new(probabilities[i], best[i] == targets[i]);
        }

        logits.Dispose();
    }
}
