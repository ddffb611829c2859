using MobileQuant.Checkpoints;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Text;

namespace MobileQuant.Hardening;

/// <summary>
/// A checkpoint with loud channels: in front of q, k, v, of gate and up and of down, some channels of the producer are multiplied
/// by powers of two and the consumers' columns are divided by them. It computes the same function as the one that it reads, and is
/// as hard to quantize as models that grew such channels in training.
/// </summary>
public sealed class HardenedCheckpoint : ICheckpoint
{
    private static readonly SmoothingKind[] Kinds = [SmoothingKind.AttentionNorm, SmoothingKind.MlpNorm, SmoothingKind.UpDown];

    private readonly ICheckpoint _inner;
    private readonly Dictionary<string, TensorScaling> _scalings = new(StringComparer.Ordinal);

    /// <summary>Draws the loud channels; reads no weights yet.</summary>
    /// <param name="inner">The checkpoint to read; not owned.</param>
    /// <param name="options">How loud, and how many.</param>
    /// <exception cref="MobileQuantException">MQ1020: the options make no sense.</exception>
    public HardenedCheckpoint(ICheckpoint inner, HardeningOptions options)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _inner = inner;
        Random random = new(options.Seed);
        IReadOnlyList<SmoothingPair> pairs = SmoothingPair.Enumerate(Architecture, Kinds);
        foreach (SmoothingPair pair in pairs)
        {
            float[] factors = options.Draw(pair.ChannelCount(Architecture), random);
            LoudChannels += factors.Count(factor => factor != 1);
            ScaleProducer(pair, factors);
            foreach (LinearKind consumer in pair.Consumers(Architecture))
            {
                ScalingOf(TensorNames.Weight(Names.Linears[consumer], pair.Layer), Architecture.InputSize(consumer)).ScaleColumns([.. factors.Select(factor => 1 / factor)]);
            }
        }

        Pairs = pairs.Count;
    }

    /// <summary>Number of pairs of producer and consumers.</summary>
    public int Pairs { get; }

    /// <summary>Number of channels that were made loud, over all pairs.</summary>
    public int LoudChannels { get; }

    /// <inheritdoc/>
    public string Path => _inner.Path;

    /// <inheritdoc/>
    public string Name => _inner.Name;

    /// <inheritdoc/>
    public DecoderArchitecture Architecture => _inner.Architecture;

    /// <inheritdoc/>
    public TensorNames Names => _inner.Names;

    /// <inheritdoc/>
    public IReadOnlyList<string> Files => _inner.Files;

    /// <inheritdoc/>
    public TokenizerFiles? ReadTokenizer() => _inner.ReadTokenizer();

    /// <inheritdoc/>
    public bool Contains(string name) => _inner.Contains(name);

    /// <inheritdoc/>
    public IReadOnlyList<long> ShapeOf(string name) => _inner.ShapeOf(name);

    /// <inheritdoc/>
    public void Read(string name, long start, Span<float> destination)
    {
        _inner.Read(name, start, destination);
        if (_scalings.TryGetValue(name, out TensorScaling? scaling))
        {
            scaling.Apply(start, destination);
        }
    }

    /// <summary>Does nothing: the checkpoint behind is not owned.</summary>
    public void Dispose()
    {
    }

    private void ScaleProducer(SmoothingPair pair, float[] factors)
    {
        if (pair.Producer is { } kind)
        {
            ScalingOf(TensorNames.Weight(Names.Linears[kind], pair.Layer), Architecture.InputSize(kind)).ScaleRows(factors);
            if (Architecture.Biased.Contains(kind))
            {
                ScalingOf(TensorNames.Bias(Names.Linears[kind], pair.Layer), factors.Length).ScaleColumns(factors);
            }

            return;
        }

        string norm = pair.Kind == SmoothingKind.AttentionNorm ? Names.AttentionNorm : Names.MlpNorm;
        ScalingOf(TensorNames.Weight(norm, pair.Layer), factors.Length, Architecture.Norm == NormKind.RmsGainPlusOne).ScaleColumns(factors);
        if (Architecture.Norm == NormKind.Layer)
        {
            ScalingOf(TensorNames.Bias(norm, pair.Layer), factors.Length).ScaleColumns(factors);
        }
    }

    private TensorScaling ScalingOf(string name, int width, bool plusOne = false)
    {
        if (!_scalings.TryGetValue(name, out TensorScaling? scaling))
        {
            scaling = new(width, plusOne);
            _scalings.Add(name, scaling);
        }

        return scaling;
    }
}
