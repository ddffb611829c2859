using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Rounding;

/// <summary>
/// Rounds a graph's weights with error feedback in one pass through its layers. Each linear layer is rounded for the inputs
/// that it will really get: activations on their grid, behind weights that are rounded already. Holds the residual stream of all
/// windows and what o reads, or where that takes no more than 256 MiB what down reads, beside the weights of one layer.
/// </summary>
public sealed class ErrorFeedbackRounding : IDisposable
{
    /// <summary>Windows that are used unless there are fewer.</summary>
    public const int DefaultWindowCount = 128;

    private const int TokensPerBatch = 2048;
    private const long MostBytesKept = 256L << 20;

    private static readonly LinearKind[] s_attentionReaders = [LinearKind.Query, LinearKind.Key, LinearKind.Value];
    private static readonly LinearKind[] s_mlpReaders = [LinearKind.Gate, LinearKind.Up];

    private readonly QuantizedGraph _graph;
    private readonly DecoderModel _model;
    private readonly KeyValueCache? _prefix;
    private readonly Simulation _simulation;
    private readonly RoundedWeights _tap;
    private readonly Dictionary<(int Layer, LinearKind Kind), QuantizedWeight> _codes = [];
    private readonly IProgress<QuantizationEvent>? _progress;
    private readonly CancellationToken _cancellationToken;
    private readonly List<Batch> _batches = [];
    private bool _keepsDownInput;

    private ErrorFeedbackRounding(QuantizedGraph graph, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        _graph = graph;
        _model = new(graph.Architecture, graph.Weights) { Prefix = graph.Prefix };
        _prefix = _model.ComputePrefix();
        _simulation = new(graph, keepWeights: false);
        _tap = new(_simulation);
        _progress = progress;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Rounds all linear layers of the decoder layers.</summary>
    /// <param name="graph">What a recipe made; its float weights stay as they are.</param>
    /// <param name="set">Windows whose activations decide what an error costs.</param>
    /// <param name="progress">Told layer by layer, as step <c>round</c>.</param>
    /// <param name="cancellationToken">Stops between batches and matrices.</param>
    /// <returns>The graph with chosen codes, sharing everything else.</returns>
    /// <exception cref="MobileQuantException">MQ3023: activations are not finite.</exception>
    public static QuantizedGraph Apply(QuantizedGraph graph, CalibrationSet set, IProgress<QuantizationEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(set);
        using IDisposable noGradient = torch.no_grad();
        using ErrorFeedbackRounding rounding = new(graph, progress, cancellationToken);
        rounding.Embed(set);
        for (int layer = 0; layer < graph.Architecture.LayerCount; layer++)
        {
            rounding.RoundLayer(layer);
        }

        rounding.Report(graph.Architecture.LayerCount);
        return graph with { Codes = rounding._codes };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Batch batch in _batches)
        {
            batch.Stream.Dispose();
            batch.Branch.Dispose();
        }

        _batches.Clear();
        _tap.Dispose();
        _simulation.Dispose();
        _prefix?.Dispose();
        _model.Dispose();
    }

    private void Embed(CalibrationSet set)
    {
        DecoderArchitecture a = _graph.Architecture;
        _keepsDownInput = (long)set.Windows.Count * set.WindowLength * a.FeedForwardSize * sizeof(float) <= MostBytesKept;
        int widest = _keepsDownInput ? Math.Max(a.InputSize(LinearKind.Output), a.FeedForwardSize) : a.InputSize(LinearKind.Output);
        foreach (int[][] windows in set.Windows.Chunk(Math.Max(1, TokensPerBatch / set.WindowLength)))
        {
            using DisposeScope scope = torch.NewDisposeScope();
            torch.Tensor stream = _model.Embed(TokenTensor.Of(windows), _tap).DetachFromDisposeScope();
            _batches.Add(new(stream, torch.empty((long)windows.Length * set.WindowLength * widest, device: stream.device).DetachFromDisposeScope()));
        }
    }

    private void RoundLayer(int layer)
    {
        Report(layer);
        Round(layer, s_attentionReaders, batch => _model.AttentionInput(layer, batch.Stream, _tap));
        Round(layer, [LinearKind.Output], batch =>
            batch.OfWidth(_graph.Architecture.InputSize(LinearKind.Output)).copy_(_model.OutputInput(layer, _model.AttentionInput(layer, batch.Stream, _tap), _tap, _prefix)));
        Round(layer, s_mlpReaders, batch => _model.MlpInput(
            layer,
            batch.Stream.copy_(_model.AddAttention(layer, batch.Stream, batch.OfWidth(_graph.Architecture.InputSize(LinearKind.Output)), _tap)),
            _tap));
        Round(layer, [LinearKind.Down], batch => _keepsDownInput ? batch.OfWidth(_graph.Architecture.FeedForwardSize).copy_(DownInput(layer, batch)) : DownInput(layer, batch));

        // What follows the last layer is the head, which is rounded to nearest.
        for (int i = 0; layer + 1 < _graph.Architecture.LayerCount && i < _batches.Count; i++)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            using DisposeScope scope = torch.NewDisposeScope();
            Batch batch = _batches[i];
            torch.Tensor downInput = _keepsDownInput ? batch.OfWidth(_graph.Architecture.FeedForwardSize) : DownInput(layer, batch);
            batch.Stream.copy_(_model.AddMlp(layer, batch.Stream, downInput, _tap));
        }

        _tap.Leave();
    }

    private torch.Tensor DownInput(int layer, Batch batch) => _model.DownInput(layer, _model.MlpInput(layer, batch.Stream, _tap), _tap);

    /// <summary>Rounds linear layers that read the same input.</summary>
    private void Round(int layer, LinearKind[] kinds, Func<Batch, torch.Tensor> input)
    {
        using InputMoments moments = new(_graph.Architecture.InputSize(kinds[^1]));
        foreach (Batch batch in _batches)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            using DisposeScope scope = torch.NewDisposeScope();
            moments.Add(input(batch));
        }

        FeedbackFactor factor = moments.Factor();
        foreach (LinearKind kind in kinds.Where(_graph.Architecture.Linears.Contains))
        {
            QuantizedWeight rounded = ErrorFeedback.Round(_graph.Weights.Layers[layer][kind].Weight, _graph.Schemes[layer, kind], factor, _graph.Clips.GetValueOrDefault((layer, kind)), _cancellationToken);
            _codes.Add((layer, kind), rounded);
            _tap.Add(kind, rounded);
        }
    }

    private void Report(int done) =>
        _progress?.Report(new QuantizationEvent.Progress("round", "rounding weights with error feedback, layer by layer", done, _graph.Architecture.LayerCount));

    /// <summary>Some windows between two steps.</summary>
    /// <param name="Stream">The residual stream, [windows, tokens, hidden].</param>
    /// <param name="Branch">Room for what one linear layer reads, flat.</param>
    private sealed record Batch(torch.Tensor Stream, torch.Tensor Branch)
    {
        /// <summary>The branch as [windows, tokens, width].</summary>
        public torch.Tensor OfWidth(long width)
        {
            (long windows, long tokens) = (Stream.shape[0], Stream.shape[1]);
            return Branch.narrow(0, 0, windows * tokens * width).view(windows, tokens, width);
        }
    }
}
