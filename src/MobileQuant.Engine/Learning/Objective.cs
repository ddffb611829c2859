using MobileQuant.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>
/// What learning makes small: the distance between what leaves the learned model's layers and what leaves the float model's. All
/// are means over tokens (and channels), so that windows of a step can come in any groups.
/// </summary>
internal sealed class Objective
{
    private const long ElementsPerChunk = 1 << 22;

    private readonly LearningLoss _kind;
    private readonly DecoderModel _teacher;
    private readonly LearnedModel _student;
    private readonly KeyValueCache? _prefix;

    /// <param name="kind">Which distance.</param>
    /// <param name="teacher">The float model.</param>
    /// <param name="student">The learned model.</param>
    /// <param name="prefix">What the teacher's sequences start behind, or null.</param>
    public Objective(LearningLoss kind, DecoderModel teacher, LearnedModel student, KeyValueCache? prefix)
    {
        (_kind, _teacher, _student, _prefix) = (kind, teacher, student, prefix);
    }

    /// <summary>What the float model makes of tokens: its residual stream or the input of its head.</summary>
    /// <param name="ids">int64 [windows, tokens].</param>
    /// <returns>[windows, tokens, hidden], detached from any dispose scope.</returns>
    public torch.Tensor TargetOf(torch.Tensor ids)
    {
        using IDisposable noGradient = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor x = _teacher.Embed(ids, null);
        for (int layer = 0; layer < _teacher.Architecture.LayerCount; layer++)
        {
            using DisposeScope inner = torch.NewDisposeScope();
            x = _teacher.RunLayer(layer, x, null, _prefix).MoveToOuterDisposeScope();
        }

        return (_kind == LearningLoss.HiddenState ? x : _teacher.HeadInput(x, null)).DetachFromDisposeScope();
    }

    /// <summary>The loss of some windows, weighted by their share of the step, and its gradient.</summary>
    /// <param name="leaving">What leaves the learned model's layers: a leaf.</param>
    /// <param name="target">From <see cref="TargetOf"/>.</param>
    /// <param name="share">Windows here / windows of the step.</param>
    /// <returns>The loss, and its gradient by <paramref name="leaving"/>, which belongs to the open dispose scope.</returns>
    public (double Loss, torch.Tensor Gradient) Evaluate(torch.Tensor leaving, torch.Tensor target, double share)
    {
        if (_kind == LearningLoss.HiddenState)
        {
            return SquaredError(leaving, target, share);
        }

        torch.Tensor head = _student.Decoder.HeadInput(leaving, _student.Sites);
        (double loss, torch.Tensor gradient) = _kind == LearningLoss.FinalNorm ? SquaredError(head, target, share) : Divergence(head, target, share);
        head.backward([gradient]);
        return (loss, leaving.grad!);
    }

    /// <summary>mean((actual - target)^2) * share, and its gradient by actual.</summary>
    public static (double Loss, torch.Tensor Gradient) SquaredError(torch.Tensor actual, torch.Tensor target, double share)
    {
        using IDisposable noGradient = torch.no_grad();
        torch.Tensor difference = actual - target;
        double loss = OrderedSum.MeanOf(difference.square()) * share;
        return (loss, difference.Scale(2 * share / difference.numel()));
    }

    /// <summary>Mean Kullback-Leibler divergence of next-token distributions, float from learned; gradient by the head's input.</summary>
    private (double Loss, torch.Tensor Gradient) Divergence(torch.Tensor head, torch.Tensor target, double share)
    {
        using IDisposable noGradient = torch.no_grad();
        int hidden = _teacher.Architecture.HiddenSize;
        torch.Tensor actual = head.reshape(-1, hidden);
        torch.Tensor expected = target.reshape(-1, hidden);
        torch.Tensor gradient = torch.empty_like(actual);
        torch.Tensor weight = _student.Decoder.Placed.Head;
        long rows = actual.shape[0];
        long chunk = Math.Max(1, ElementsPerChunk / _teacher.Architecture.VocabularySize);
        double sum = 0;
        for (long start = 0; start < rows; start += chunk)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            long count = Math.Min(chunk, rows - start);
            torch.Tensor logits = torch.nn.functional.linear(actual.narrow(0, start, count), weight);
            torch.Tensor q = _student.Sites.Apply(new(SiteKind.HeadOutput), logits).log_softmax(-1);
            torch.Tensor p = torch.nn.functional.linear(expected.narrow(0, start, count), _teacher.Placed.Head).log_softmax(-1);
            torch.Tensor probability = p.exp();
            sum += OrderedSum.Of(p.sub_(q).mul_(probability));
            gradient.narrow(0, start, count).copy_(torch.mm(q.exp_().sub_(probability), weight).Scale(share / rows));
        }

        return (sum / rows * share, gradient.view(head.shape));
    }
}
