using MobileQuant.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Rotation;

/// <summary>
/// Rotates a model without changing its function: norm gains are folded into the linear layers behind them, one orthogonal
/// matrix R turns the residual stream, and one per KV head turns what v gives to o. Outlier channels are spread over all, which
/// is what makes few bits enough (QuaRot, arXiv 2404.00456; SpinQuant, arXiv 2405.16406).
/// <code>
/// embedding' = embedding R        W' = W diag(gain) R for q, k, v, gate, up, head        gain' = 1
/// W' = R^T W, b' = b R            for o and down
/// W_v' = S^T W_v, b_v' = b_v S    and W_o' = W_o S, per KV head; the query heads of a group share S
/// </code>
/// All products are formed in double. A tied head gets weights of its own, since only it sees the gain of the final norm.
/// </summary>
public sealed class ModelRotation : IDisposable
{
    private const int RowsPerChunk = 4096;

    private readonly DecoderArchitecture _source;
    private readonly torch.Tensor _residual;
    private readonly torch.Tensor[][] _heads;

    /// <summary>Draws the matrices.</summary>
    /// <param name="architecture">The decoder as its checkpoint has it.</param>
    /// <param name="seed">Decides the matrices.</param>
    /// <exception cref="MobileQuantException">MQ3022: the norms subtract a mean, which no rotation preserves.</exception>
    public ModelRotation(DecoderArchitecture architecture, int seed)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        if (!CanRotate(architecture))
        {
            throw new MobileQuantException(
                "MQ3022",
                $"Family '{architecture.Family}' cannot be rotated: its norms are of kind {architecture.Norm}.",
                "Use the recipe auto or SmoothQuant-Edge, which need no rotation.");
        }

        _source = architecture;
        Architecture = architecture with { TiedEmbeddings = false };
        Random random = new(seed);
        _residual = OrthogonalMatrix.Create(architecture.HiddenSize, random);
        _heads = [.. Enumerable.Range(0, architecture.LayerCount).Select(_ =>
            Enumerable.Range(0, architecture.KeyValueHeadCount).Select(_ => OrthogonalMatrix.Create(architecture.HeadSize, random)).ToArray())];
    }

    /// <summary>The decoder after rotation: as before, with untied embeddings.</summary>
    public DecoderArchitecture Architecture { get; }

    /// <summary>Whether a decoder's norms commute with rotations.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <returns>True for root-mean-square norms.</returns>
    public static bool CanRotate(DecoderArchitecture architecture) => architecture?.Norm is NormKind.Rms or NormKind.RmsGainPlusOne;

    /// <summary>Rotates a whole model, in place.</summary>
    /// <param name="weights">Weights as the checkpoint has them.</param>
    /// <returns>The rotated model. It owns the tensors of <paramref name="weights"/>, which is not to be disposed any more.</returns>
    public DecoderWeights Fold(DecoderWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        using IDisposable noGradient = torch.no_grad();
        torch.Tensor head = _source.TiedEmbeddings ? weights.Embedding.clone().DetachFromDisposeScope() : weights.Head;
        FoldLayers(weights);
        using (torch.Tensor gain = TakeGain(weights.FinalNorm))
        {
            TurnInput(head, gain);
        }

        TurnInput(weights.Embedding, null);
        return new(weights.Embedding, weights.Layers, weights.FinalNorm, head);
    }

    /// <summary>Rotates the decoder layers alone: for layers that were read again from the checkpoint.</summary>
    /// <param name="weights">Layers as the checkpoint has them.</param>
    public void FoldLayers(DecoderWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        using IDisposable noGradient = torch.no_grad();
        weights.MarkChanged();
        for (int i = 0; i < weights.Layers.Count; i++)
        {
            LayerWeights layer = weights.Layers[i];
            using torch.Tensor attention = TakeGain(layer.AttentionNorm);
            using torch.Tensor mlp = TakeGain(layer.MlpNorm);
            foreach (LinearKind kind in layer.Linears.Keys)
            {
                if (kind is LinearKind.Output or LinearKind.Down)
                {
                    TurnOutput(layer[kind]);
                }
                else
                {
                    TurnInput(layer[kind].Weight, kind is LinearKind.Gate or LinearKind.Up ? mlp : attention);
                }
            }

            TurnHeads(layer, _heads[i]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _residual.Dispose();
        foreach (torch.Tensor head in _heads.SelectMany(layer => layer))
        {
            head.Dispose();
        }
    }

    /// <summary>The gain in double, [hidden]; leaves a norm without one.</summary>
    private torch.Tensor TakeGain(NormWeights norm)
    {
        bool plusOne = _source.Norm == NormKind.RmsGainPlusOne;
        torch.Tensor gain = norm.Gain.to(torch.float64).Increase(plusOne ? 1 : 0).DetachFromDisposeScope();
        norm.Gain.Fill(plusOne ? 0 : 1);
        return gain;
    }

    /// <summary>W diag(gain) R, some rows at a time: the embedding in double would be two copies of it.</summary>
    private void TurnInput(torch.Tensor weight, torch.Tensor? gain)
    {
        for (long start = 0; start < weight.shape[0]; start += RowsPerChunk)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            torch.Tensor rows = weight.narrow(0, start, Math.Min(RowsPerChunk, weight.shape[0] - start));
            torch.Tensor wide = rows.to(torch.float64);
            rows.copy_(torch.matmul(gain is null ? wide : wide.mul_(gain), _residual));
        }
    }

    private void TurnOutput(LinearWeights linear)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        linear.Weight.copy_(torch.matmul(_residual.t(), linear.Weight.to(torch.float64)));
        linear.Bias?.copy_(torch.matmul(linear.Bias.to(torch.float64), _residual));
    }

    private void TurnHeads(LayerWeights layer, torch.Tensor[] rotations)
    {
        int size = _source.HeadSize;
        LinearWeights value = layer[LinearKind.Value];
        for (int head = 0; head < _source.HeadCount; head++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            torch.Tensor rotation = rotations[head / _source.GroupSize];
            torch.Tensor columns = layer[LinearKind.Output].Weight.narrow(1, (long)head * size, size);
            columns.copy_(torch.matmul(columns.to(torch.float64), rotation));
            if (head % _source.GroupSize != 0)
            {
                continue;
            }

            long first = (long)head / _source.GroupSize * size;
            torch.Tensor rows = value.Weight.narrow(0, first, size);
            rows.copy_(torch.matmul(rotation.t(), rows.to(torch.float64)));
            if (value.Bias is { } bias)
            {
                torch.Tensor slice = bias.narrow(0, first, size);
                slice.copy_(torch.matmul(slice.to(torch.float64), rotation));
            }
        }
    }
}
