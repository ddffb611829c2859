using MobileQuant.Checkpoints;
using MobileQuant.Modeling;
using MobileQuant.Tests.Modeling;
using MobileQuant.Text;
using TorchSharp;

namespace MobileQuant.Tests.Hardening;

/// <summary>A model's weights as a checkpoint that has no files.</summary>
internal sealed class MemoryCheckpoint : ICheckpoint
{
    private readonly Dictionary<string, (long[] Shape, float[] Values)> _tensors = new(StringComparer.Ordinal);

    public MemoryCheckpoint(DecoderModel model)
    {
        Architecture = model.Architecture;
        Add(TensorNames.Weight(Names.Embedding), model.Weights.Embedding);
        AddNorm(Names.FinalNorm, 0, model.Weights.FinalNorm);
        Add(TensorNames.Weight(Names.Head), model.Weights.Head);
        for (int layer = 0; layer < model.Weights.Layers.Count; layer++)
        {
            LayerWeights weights = model.Weights.Layers[layer];
            AddNorm(Names.AttentionNorm, layer, weights.AttentionNorm);
            AddNorm(Names.MlpNorm, layer, weights.MlpNorm);
            foreach ((LinearKind kind, LinearWeights linear) in weights.Linears)
            {
                Add(TensorNames.Weight(Names.Linears[kind], layer), linear.Weight);
                Add(TensorNames.Bias(Names.Linears[kind], layer), linear.Bias);
            }
        }
    }

    public string Path => "memory";

    public string Name => "memory";

    public DecoderArchitecture Architecture { get; }

    public TensorNames Names => TensorNames.HuggingFaceLlama;

    public IReadOnlyList<string> Files => [];

    public TokenizerFiles? ReadTokenizer() => null;

    public bool Contains(string name) => _tensors.ContainsKey(name);

    public IReadOnlyList<long> ShapeOf(string name) => _tensors[name].Shape;

    public void Read(string name, long start, Span<float> destination) => _tensors[name].Values.AsSpan((int)start, destination.Length).CopyTo(destination);

    public void Dispose()
    {
    }

    private void AddNorm(string template, int layer, NormWeights norm)
    {
        Add(TensorNames.Weight(template, layer), norm.Gain);
        Add(TensorNames.Bias(template, layer), norm.Bias);
    }

    private void Add(string name, torch.Tensor? tensor)
    {
        if (tensor is not null)
        {
            _tensors.Add(name, (tensor.shape, Golden.Values(tensor)));
        }
    }
}
