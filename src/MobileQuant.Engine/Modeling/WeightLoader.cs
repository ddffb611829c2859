using System.Runtime.InteropServices;
using MobileQuant.Checkpoints;
using TorchSharp;

namespace MobileQuant.Modeling;

/// <summary>Streams a checkpoint's tensors into float32 weights, checking each against the architecture.</summary>
public static class WeightLoader
{
    private const int ChunkElements = 1 << 20;

    /// <summary>Loads all weights.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="progress">Told tensor by tensor, as step <c>load</c>.</param>
    /// <param name="cancellationToken">Stops between tensors.</param>
    /// <returns>The weights; the caller owns them.</returns>
    /// <exception cref="MobileQuantException">MQ2005: a tensor is missing; MQ2006: a shape is wrong; MQ2007: a type is not float; MQ2008: NaN or infinity.</exception>
    public static DecoderWeights Load(ICheckpoint checkpoint, IProgress<QuantizationEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        List<torch.Tensor> loaded = [];
        DecoderArchitecture a = checkpoint.Architecture;
        TensorNames names = checkpoint.Names;
        long total = 3 + ((long)a.LayerCount * (2 + a.Linears.Count + a.Biased.Count));

        torch.Tensor Take(string name, params long[] shape)
        {
            cancellationToken.ThrowIfCancellationRequested();
            torch.Tensor tensor = Read(checkpoint, name, shape);
            loaded.Add(tensor);
            progress?.Report(new QuantizationEvent.Progress("load", "loading " + name, loaded.Count, total));
            return tensor;
        }

        NormWeights Norm(string template, int layer = 0) => new(
            Take(TensorNames.Weight(template, layer), a.HiddenSize),
            a.Norm == NormKind.Layer ? Take(TensorNames.Bias(template, layer), a.HiddenSize) : null);

        LinearWeights Linear(LinearKind kind, int layer) => new(
            Take(TensorNames.Weight(names.Linears[kind], layer), a.OutputSize(kind), a.InputSize(kind)),
            a.Biased.Contains(kind) ? Take(TensorNames.Bias(names.Linears[kind], layer), a.OutputSize(kind)) : null);

        try
        {
            torch.Tensor embedding = Take(CheckedReading.EmbeddingName(checkpoint), a.VocabularySize, a.HiddenSize);
            LayerWeights[] layers = new LayerWeights[a.LayerCount];
            for (int layer = 0; layer < layers.Length; layer++)
            {
                layers[layer] = new(Norm(names.AttentionNorm, layer), Norm(names.MlpNorm, layer), a.Linears.ToDictionary(kind => kind, kind => Linear(kind, layer)));
            }

            NormWeights finalNorm = Norm(names.FinalNorm);
            torch.Tensor head = a.TiedEmbeddings ? embedding : Take(TensorNames.Weight(names.Head), a.VocabularySize, a.HiddenSize);
            return new(embedding, layers, finalNorm, head);
        }
        catch
        {
            loaded.ForEach(tensor => tensor.Dispose());
            throw;
        }
    }

    /// <summary>Reads a decoder layer's norms and linear layers again, into weights that were changed in place.</summary>
    /// <param name="checkpoint">The checkpoint that the weights were loaded from.</param>
    /// <param name="weights">The weights.</param>
    public static void RestoreLayers(ICheckpoint checkpoint, DecoderWeights weights)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(weights);
        TensorNames names = checkpoint.Names;
        weights.MarkChanged();
        for (int layer = 0; layer < weights.Layers.Count; layer++)
        {
            LayerWeights w = weights.Layers[layer];
            Restore(checkpoint, names.AttentionNorm, layer, w.AttentionNorm.Gain, w.AttentionNorm.Bias);
            Restore(checkpoint, names.MlpNorm, layer, w.MlpNorm.Gain, w.MlpNorm.Bias);
            foreach ((LinearKind kind, LinearWeights linear) in w.Linears)
            {
                Restore(checkpoint, names.Linears[kind], layer, linear.Weight, linear.Bias);
            }
        }
    }

    private static void Restore(ICheckpoint checkpoint, string template, int layer, torch.Tensor weight, torch.Tensor? bias)
    {
        Fill(checkpoint, TensorNames.Weight(template, layer), weight);
        if (bias is not null)
        {
            Fill(checkpoint, TensorNames.Bias(template, layer), bias);
        }
    }

    private static torch.Tensor Read(ICheckpoint checkpoint, string name, long[] shape)
    {
        CheckedReading.RequireShape(checkpoint, name, shape);
        torch.Tensor tensor = torch.empty(shape, torch.float32).DetachFromDisposeScope();
        try
        {
            Fill(checkpoint, name, tensor);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private static void Fill(ICheckpoint checkpoint, string name, torch.Tensor tensor)
    {
        using torch.Tensor flat = tensor.view(-1);
        long count = flat.shape[0];
        for (long start = 0; start < count; start += ChunkElements)
        {
            using torch.Tensor chunk = flat.narrow(0, start, Math.Min(ChunkElements, count - start));
            Span<float> values = MemoryMarshal.Cast<byte, float>(chunk.bytes);
            CheckedReading.Read(checkpoint, name, start, values);
        }
    }
}
