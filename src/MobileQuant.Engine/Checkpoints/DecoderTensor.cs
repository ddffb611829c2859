using MobileQuant.Modeling;

namespace MobileQuant.Checkpoints;

/// <summary>A tensor that a decoder is made of.</summary>
/// <param name="Name">As the checkpoint calls it.</param>
/// <param name="Template">As Hugging Face's Llama calls it, which most families share.</param>
/// <param name="Shape">What the configuration asks for, outermost first.</param>
internal sealed record DecoderTensor(string Name, string Template, IReadOnlyList<long> Shape)
{
    /// <summary>All tensors of a checkpoint's decoder, in order of use; a tied head is the embedding.</summary>
    public static IEnumerable<DecoderTensor> Enumerate(ICheckpoint checkpoint)
    {
        DecoderArchitecture a = checkpoint.Architecture;
        TensorNames names = checkpoint.Names;
        TensorNames common = TensorNames.HuggingFaceLlama;
        yield return new(CheckedReading.EmbeddingName(checkpoint), TensorNames.Weight(common.Embedding), [a.VocabularySize, a.HiddenSize]);
        for (int layer = 0; layer < a.LayerCount; layer++)
        {
            foreach (DecoderTensor tensor in Norm(names.AttentionNorm, common.AttentionNorm, layer).Concat(Norm(names.MlpNorm, common.MlpNorm, layer)))
            {
                yield return tensor;
            }

            foreach (LinearKind kind in a.Linears)
            {
                yield return new(TensorNames.Weight(names.Linears[kind], layer), TensorNames.Weight(common.Linears[kind], layer), [a.OutputSize(kind), a.InputSize(kind)]);
                if (a.Biased.Contains(kind))
                {
                    yield return new(TensorNames.Bias(names.Linears[kind], layer), TensorNames.Bias(common.Linears[kind], layer), [a.OutputSize(kind)]);
                }
            }
        }

        foreach (DecoderTensor tensor in Norm(names.FinalNorm, common.FinalNorm, 0))
        {
            yield return tensor;
        }

        if (!a.TiedEmbeddings)
        {
            yield return new(TensorNames.Weight(names.Head), TensorNames.Weight(common.Head), [a.VocabularySize, a.HiddenSize]);
        }

        IEnumerable<DecoderTensor> Norm(string name, string template, int layer)
        {
            yield return new(TensorNames.Weight(name, layer), TensorNames.Weight(template, layer), [a.HiddenSize]);
            if (a.Norm == NormKind.Layer)
            {
                yield return new(TensorNames.Bias(name, layer), TensorNames.Bias(template, layer), [a.HiddenSize]);
            }
        }
    }
}
