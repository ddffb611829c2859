using System.Runtime.InteropServices;
using MobileQuant.Arithmetic;
using MobileQuant.Artifacts;
using MobileQuant.Export;
using MobileQuant.Modeling;
using MobileQuant.Programs;
using MobileQuant.Quantization;

namespace MobileQuant.Lowering;

/// <summary>Lowers one decoder layer.</summary>
internal sealed class LayerLowering
{
    private static readonly (LinearKind Kind, string Name)[] s_linears =
    [
        (LinearKind.Query, "q"), (LinearKind.Key, "k"), (LinearKind.Value, "v"), (LinearKind.Output, "o"),
        (LinearKind.Gate, "gate"), (LinearKind.Up, "up"), (LinearKind.Down, "down"),
    ];

    private readonly QuantizedGraph _graph;
    private readonly DecoderArchitecture _architecture;
    private readonly int _index;
    private readonly LayerScales _scales;
    private readonly Dictionary<string, LinearLowering> _linears = [];
    private readonly Dictionary<SiteKind, WideInput> _wide = [];

    public LayerLowering(QuantizedGraph graph, int index, ResidualScale residual)
    {
        _graph = graph;
        _architecture = graph.Architecture;
        _index = index;
        _scales = new(graph, index);
        foreach (Site site in graph.WideSites.Where(site => site.Layer == index))
        {
            _wide.Add(site.Kind, WideInput.Of(graph, site));
        }

        foreach ((LinearKind kind, string name) in s_linears)
        {
            _linears.Add(name, Lower(kind, name, residual));
        }
    }

    public void AddTo(ArtifactWriter writer)
    {
        _scales.AttentionNorm.AddTo(writer, ArtifactNames.AttentionNorm(_index), ArtifactNames.AttentionNormBiases(_index));
        foreach (string name in ArtifactNames.Linears.Take(4))
        {
            _linears[name].AddTo(writer);
        }

        _scales.MlpNorm.AddTo(writer, ArtifactNames.FeedForwardNorm(_index), ArtifactNames.FeedForwardNormBiases(_index));
        foreach (string name in ArtifactNames.Linears.Skip(4))
        {
            _linears[name].AddTo(writer);
        }

        short[] knots = ActivationTable.Create(ActivationFunction.Of(_architecture.Activation), _scales.Gate);
        writer.Add(ArtifactNames.Activation(_index), "I16", [knots.Length], MemoryMarshal.AsBytes(knots.AsSpan()).ToArray());
    }

    public ManifestLayer CreateManifest() => new()
    {
        AttentionInput = InputOf(SiteKind.AttentionInput, _scales.AttentionNorm.Unit),
        OutputInput = InputOf(SiteKind.OutputInput, _scales.OutputInput),
        FeedForwardInput = InputOf(SiteKind.MlpInput, _scales.MlpNorm.Unit),
        DownInput = InputOf(SiteKind.DownInput, _scales.DownInput),
        KeyFactors = [.. _scales.KeyCache.Select(k => FixedPointFactor.FromDouble(_scales.Key / k.Step))],
        KeyZeroPoints = [.. _scales.KeyCache.Select(k => k.ZeroPoint)],
        ValueZeroPoints = [.. _scales.ValueCache.Select(v => v.ZeroPoint)],
        ScoreFactors = [.. _scales.KeyCache.Select(k => FixedPointFactor.FromDouble(ScoreFactor(k)))],
        OutputFactors = [.. _scales.ValueCache.Select(v => FixedPointFactor.FromDouble(Math.ScaleB(v.Step, -Softmax.OutputBits) / _scales.OutputInput))],
        ActivationSpacingBits = ActivationTable.SpacingBits(_scales.Gate),
        Linears = new SortedDictionary<string, ManifestLinear>(_linears.ToDictionary(p => p.Key, p => p.Value.Manifest), StringComparer.Ordinal),
    };

    /// <summary>The sites of this layer, with the scales that they have in the integer program.</summary>
    public IEnumerable<ManifestSite> Sites()
    {
        foreach (SiteKind kind in (SiteKind[])[SiteKind.AttentionInput, SiteKind.OutputInput, SiteKind.MlpInput, SiteKind.DownInput])
        {
            Site site = new(_index, kind);
            ValueRange range = _graph.Ranges[site];
            if (_wide.TryGetValue(kind, out WideInput wide))
            {
                yield return new(site.ToString(), wide.Bits, ManifestNumber.Round(range.Minimum), ManifestNumber.Round(range.Maximum), ManifestNumber.Round(wide.Step));
                continue;
            }

            ByteScale scale = _graph.Activations == ActivationMode.Static ? ByteScale.Of(range) : new(0, 0);
            yield return new(site.ToString(), 8, ManifestNumber.Round(range.Minimum), ManifestNumber.Round(range.Maximum), ManifestNumber.Round(scale.Step), scale.ZeroPoint);
        }

        foreach ((SiteKind kind, double step) in ((SiteKind, double)[])[(SiteKind.QueryOutput, _scales.Query), (SiteKind.KeyOutput, _scales.Key), (SiteKind.GateOutput, _scales.Gate), (SiteKind.UpOutput, _scales.Up)])
        {
            Site site = new(_index, kind);
            ValueRange range = _graph.Ranges[site];
            yield return new(site.ToString(), 16, ManifestNumber.Round(range.Minimum), ManifestNumber.Round(range.Maximum), ManifestNumber.Round(step));
        }

        foreach ((SiteKind kind, IReadOnlyList<ByteScale> scales) in ((SiteKind, IReadOnlyList<ByteScale>)[])[(SiteKind.KeyCache, _scales.KeyCache), (SiteKind.ValueCache, _scales.ValueCache)])
        {
            Site site = new(_index, kind);
            IReadOnlyList<ValueRange> ranges = _graph.Ranges.Heads(site);
            for (int head = 0; head < scales.Count; head++)
            {
                yield return new($"{site}.head{head}", 8, ManifestNumber.Round(ranges[head].Minimum), ManifestNumber.Round(ranges[head].Maximum), ManifestNumber.Round(scales[head].Step), scales[head].ZeroPoint);
            }
        }
    }

    private LinearLowering Lower(LinearKind kind, string name, ResidualScale residual)
    {
        const int word = 32767;
        double unit = kind switch
        {
            LinearKind.Output => _scales.OutputInput,
            LinearKind.Down => _scales.DownInput,
            LinearKind.Gate or LinearKind.Up => _scales.MlpNorm.Unit,
            _ => _scales.AttentionNorm.Unit,
        };
        int limit = _wide.TryGetValue(Site.InputOf(_index, kind).Kind, out WideInput wide) ? wide.Limit : 255;
        int bound = kind switch
        {
            LinearKind.Output => residual.BranchBound(new(_index, SiteKind.OutputOutput)),
            LinearKind.Down => residual.BranchBound(new(_index, SiteKind.DownOutput)),
            LinearKind.Value => 255,
            _ => word,
        };
        Func<int, double> step = kind switch
        {
            LinearKind.Query => _ => _scales.Query,
            LinearKind.Key => _ => _scales.Key,
            LinearKind.Value => n => _scales.ValueCache[n / _architecture.HeadSize].Step,
            LinearKind.Gate => _ => _scales.Gate,
            LinearKind.Up => _ => _scales.Up,
            _ => _ => residual.Step,
        };
        WeightScheme scheme = _graph.Schemes[_index, kind];
        return new(
            ArtifactNames.Linear(_index, name),
            _architecture.OutputSize(kind),
            _architecture.InputSize(kind),
            LinearLowering.FormatOf(scheme),
            hasZeroPoints: scheme.Symmetry == WeightSymmetry.Asymmetric && scheme.BlockSize == 0,
            () => _graph.QuantizeLinear(_index, kind),
            _graph.Weights.Layers[_index][kind].Bias?.data<float>().ToArray(),
            unit / limit,
            step,
            (-bound, bound))
        {
            InputLimit = limit,
        };
    }

    private ManifestInput? InputOf(SiteKind kind, double unit) =>
        _wide.TryGetValue(kind, out WideInput wide) ? wide.ToInput(unit)
        : _graph.Activations == ActivationMode.Static ? ByteScale.Of(_graph.Ranges[new(_index, kind)]).ToInput(unit)
        : null;

    private double ScoreFactor(ByteScale key) =>
        _scales.Query * key.Step / Math.Sqrt(_architecture.HeadSize) * Math.Log2(Math.E) * (1 << Exponential.ArgumentBits);
}
