using MobileQuant.Modeling;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>The learned pieces of one decoder layer, and the weights that they make of the layer's own for a pass.</summary>
internal sealed class LearnedLayer : ILearnedLayer
{
    private readonly QuantizedGraph _graph;
    private readonly int _layer;
    private readonly Dictionary<SmoothingKind, LearnedPair> _pairs;
    private readonly Dictionary<LinearKind, LearnedWeight> _weights = [];
    private readonly Dictionary<LinearKind, (torch.Tensor Start, LearnedLeaf Scaled)> _biases = [];
    private readonly LearnedNorm _attentionNorm;
    private readonly LearnedNorm _mlpNorm;

    /// <param name="graph">Where learning starts.</param>
    /// <param name="layer">The decoder layer.</param>
    /// <param name="settings">What is learned.</param>
    /// <param name="prefix">Keys and values that the layer's sequences start behind, or null.</param>
    public LearnedLayer(QuantizedGraph graph, int layer, LearningSettings settings, (torch.Tensor Keys, torch.Tensor Values)? prefix)
    {
        (_graph, _layer) = (graph, layer);
        DecoderArchitecture architecture = graph.Architecture;
        LayerWeights start = graph.Weights.Layers[layer];
        _pairs = SmoothingPair.Enumerate(architecture, settings.Transformations)
            .Where(pair => pair.Layer == layer)
            .ToDictionary(pair => pair.Kind, pair => new LearnedPair(pair, architecture));
        _attentionNorm = new(start.AttentionNorm, architecture.Norm);
        _mlpNorm = new(start.MlpNorm, architecture.Norm);
        Dictionary<LinearKind, LinearWeights> linears = [];
        foreach (LinearKind kind in architecture.Linears)
        {
            LinearWeights linear = start[kind];
            LearnedWeight weight = new(
                linear.Weight, graph.Schemes[layer, kind], graph.Clips.GetValueOrDefault((layer, kind)), settings.Clips, RowPair(kind) is not null || ColumnPair(kind) is not null);
            _weights.Add(kind, weight);
            linears.Add(kind, new(weight.Rounded.Leaf, Bias(kind, linear.Bias)));
        }

        Weights = start with { AttentionNorm = _attentionNorm.Scaled, MlpNorm = _mlpNorm.Scaled, Linears = linears };
        if (prefix is { } known)
        {
            Keys = new(known.Keys);
            Values = new(known.Values);
        }
    }

    /// <inheritdoc/>
    public LayerWeights Weights { get; }

    /// <inheritdoc/>
    public LearnedPrefix? Keys { get; }

    /// <inheritdoc/>
    public LearnedPrefix? Values { get; }

    /// <inheritdoc/>
    public IEnumerable<LearnedParameter> Parameters
    {
        get
        {
            foreach (LearnedPair pair in _pairs.Values)
            {
                yield return pair.Logarithms;
            }

            foreach (LearnedWeight weight in _weights.Values)
            {
                if (weight.Clip.Lower is { } lower && weight.Clip.Upper is { } upper)
                {
                    yield return lower;
                    yield return upper;
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Fill()
    {
        foreach ((LinearKind kind, LearnedWeight weight) in _weights)
        {
            float[]? rows = RowFactors(kind);
            weight.Fill(rows, ColumnPair(kind)?.ConsumerFactors());
            if (rows is not null && _biases.TryGetValue(kind, out (torch.Tensor Start, LearnedLeaf Scaled) bias))
            {
                LearnedVector.Scale(bias.Start, rows, bias.Scaled);
            }
        }

        if (_pairs.TryGetValue(SmoothingKind.AttentionNorm, out LearnedPair? attention))
        {
            _attentionNorm.Fill(attention.ProducerFactors());
        }

        if (_pairs.TryGetValue(SmoothingKind.MlpNorm, out LearnedPair? mlp))
        {
            _mlpNorm.Fill(mlp.ProducerFactors());
        }

        if (RowFactors(LinearKind.Key) is { } keys)
        {
            Keys?.Fill(keys);
        }

        if (RowFactors(LinearKind.Value) is { } values)
        {
            Values?.Fill(values);
        }
    }

    /// <inheritdoc/>
    public void TakeGradients()
    {
        foreach ((LinearKind kind, LearnedWeight weight) in _weights)
        {
            double[] rows = new double[weight.Rounded.Host.shape[0]];
            double[] columns = new double[weight.Rounded.Host.shape[1]];
            weight.AddGradient(rows, columns);
            if (_biases.TryGetValue(kind, out (torch.Tensor Start, LearnedLeaf Scaled) bias))
            {
                LearnedVector.TakeGradient(bias.Scaled, 0, rows);
            }

            (kind switch { LinearKind.Key => Keys, LinearKind.Value => Values, _ => null })?.TakeGradient(rows);
            if (kind == LinearKind.Query)
            {
                RowPair(kind)?.AddConsumerGradient(rows);
            }
            else
            {
                RowPair(kind)?.AddProducerGradient(rows);
            }

            ColumnPair(kind)?.AddConsumerGradient(columns);
        }

        // Norms gather gradients even where nothing learns from them.
        double[] attention = _attentionNorm.TakeGradient();
        double[] mlp = _mlpNorm.TakeGradient();
        _pairs.GetValueOrDefault(SmoothingKind.AttentionNorm)?.AddProducerGradient(attention);
        _pairs.GetValueOrDefault(SmoothingKind.MlpNorm)?.AddProducerGradient(mlp);
    }

    /// <inheritdoc/>
    public void Fold(IDictionary<(int Layer, LinearKind Kind), WeightClip> clips, IDictionary<(int Layer, LinearKind Kind), QuantizedWeight> codes)
    {
        foreach (LearnedPair pair in _pairs.Values)
        {
            pair.Pair.Fold(_graph.Architecture, _graph.Weights, pair.Scales());
        }

        foreach ((LinearKind kind, LearnedWeight weight) in _weights)
        {
            if (weight.ToClip() is { } clip)
            {
                clips[(_layer, kind)] = clip;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (LearnedWeight weight in _weights.Values)
        {
            weight.Dispose();
        }

        foreach ((torch.Tensor _, LearnedLeaf scaled) in _biases.Values)
        {
            scaled.Dispose();
        }

        _attentionNorm.Dispose();
        _mlpNorm.Dispose();
        Keys?.Dispose();
        Values?.Dispose();
    }

    private torch.Tensor? Bias(LinearKind kind, torch.Tensor? start)
    {
        if (start is null)
        {
            return null;
        }

        bool isScaled = RowPair(kind) is not null;
        LearnedLeaf scaled = new(start.clone(), isScaled);
        _biases.Add(kind, (start, scaled));
        return scaled.Leaf;
    }

    private float[]? RowFactors(LinearKind kind) => kind == LinearKind.Query ? RowPair(kind)?.ConsumerFactors() : RowPair(kind)?.ProducerFactors();

    /// <summary>The transformation that scales the rows of a linear layer.</summary>
    private LearnedPair? RowPair(LinearKind kind) => kind switch
    {
        LinearKind.Query or LinearKind.Key => _pairs.GetValueOrDefault(SmoothingKind.QueryKey),
        LinearKind.Value => _pairs.GetValueOrDefault(SmoothingKind.ValueOutput),
        LinearKind.Up => _pairs.GetValueOrDefault(SmoothingKind.UpDown),
        _ => null,
    };

    /// <summary>The transformation that scales the columns of a linear layer.</summary>
    private LearnedPair? ColumnPair(LinearKind kind) => kind switch
    {
        LinearKind.Query or LinearKind.Key or LinearKind.Value => _pairs.GetValueOrDefault(SmoothingKind.AttentionNorm),
        LinearKind.Gate or LinearKind.Up => _pairs.GetValueOrDefault(SmoothingKind.MlpNorm),
        LinearKind.Output => _pairs.GetValueOrDefault(SmoothingKind.ValueOutput),
        _ => _pairs.GetValueOrDefault(SmoothingKind.UpDown),
    };
}
