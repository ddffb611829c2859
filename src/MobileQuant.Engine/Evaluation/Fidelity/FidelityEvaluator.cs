using MobileQuant.Modeling;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Evaluation.Fidelity;

/// <summary>Signal to quantization-noise ratios, site by site: where a quantized model loses what it loses.</summary>
public static class FidelityEvaluator
{
    /// <summary>Windows that say enough: ratios are sums over some hundred thousand elements each.</summary>
    public const int DefaultWindowCount = 4;

    // What a layer's sites hold is kept for the tokens of one pass: about a hundred floats per hidden channel and token.
    private const int TokensPerPass = 2048;

    private const long LogitsPerChunk = 1 << 22;

    /// <summary>
    /// The float model against its simulation, at every site and behind every layer. Both read the graph's weights: the folded ones
    /// compute the checkpoint's function, so that each site is compared with the same values in float.
    /// </summary>
    /// <param name="graph">The quantized graph.</param>
    /// <param name="windows">Token windows of one length.</param>
    /// <param name="target">What would run it.</param>
    /// <param name="progress">Told in layers, as step <c>evaluate</c>.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <returns>All sites of <see cref="Site.Enumerate"/> and each layer's <see cref="SiteKind.LayerOutput"/>, in order of computation.</returns>
    public static IReadOnlyList<SiteFidelity> OfSimulation(
        QuantizedGraph graph,
        IReadOnlyList<int[]> windows,
        QuantizationTarget? target = null,
        IProgress<QuantizationEvent>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(windows);
        using IDisposable noGradient = torch.no_grad();
        using DecoderModel model = new(graph.Architecture, graph.Weights) { Prefix = graph.Prefix };
        using KeyValueCache? prefix = model.ComputePrefix();
        using Simulation simulation = new(graph, target, keepWeights: false);
        NoiseTable noise = new();
        int[][][] passes = [.. windows.Chunk(Math.Max(1, TokensPerPass / windows[0].Length))];
        int layers = graph.Architecture.LayerCount;
        for (int pass = 0; pass < passes.Length; pass++)
        {
            Compare(model, prefix, simulation, passes[pass], noise, layer =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Report(new QuantizationEvent.Progress("evaluate", "comparing the simulation with the float model", (pass * layers) + layer + 1, passes.Length * layers));
            });
        }

        return noise.ToFidelities();
    }

    /// <summary>The simulation against the integer runtime: branches, residual stream and logits.</summary>
    /// <param name="graph">The quantized graph.</param>
    /// <param name="model">What lowering made of it.</param>
    /// <param name="windows">Token windows.</param>
    /// <param name="threads">Threads; 0: all cores.</param>
    /// <param name="progress">Told in windows, as step <c>evaluate</c>.</param>
    /// <param name="cancellationToken">Stops between windows.</param>
    /// <returns>Per layer the outputs of o and down and <see cref="SiteKind.LayerOutput"/>, then the logits, in order of computation.</returns>
    public static IReadOnlyList<SiteFidelity> OfRuntime(
        QuantizedGraph graph,
        QuantizedModel model,
        IReadOnlyList<int[]> windows,
        int threads = 0,
        IProgress<QuantizationEvent>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        using DecoderModel reference = new(graph.Architecture, graph.Weights) { Prefix = graph.Prefix };
        using Simulation simulation = new(graph);
        return OfRuntime(reference, simulation, model, windows, threads, progress, cancellationToken);
    }

    /// <summary>A model in float arithmetic against the integer runtime: branches, residual stream and logits.</summary>
    /// <param name="reference">
    /// The model, behind the prefix that the artifact has. Its residual stream must have the artifact's basis: rotated by the same
    /// matrices, or not at all. Smoothing and learned scales leave the stream as it is.
    /// </param>
    /// <param name="tap">Makes <paramref name="reference"/> a simulation, or null for float.</param>
    /// <param name="model">The artifact.</param>
    /// <param name="windows">Token windows.</param>
    /// <param name="threads">Threads; 0: all cores.</param>
    /// <param name="progress">Told in windows, as step <c>evaluate</c>.</param>
    /// <param name="cancellationToken">Stops between windows.</param>
    /// <returns>Per layer the outputs of o and down and <see cref="SiteKind.LayerOutput"/>, then the logits, in order of computation.</returns>
    public static IReadOnlyList<SiteFidelity> OfRuntime(
        DecoderModel reference,
        ISiteTap? tap,
        QuantizedModel model,
        IReadOnlyList<int[]> windows,
        int threads = 0,
        IProgress<QuantizationEvent>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(windows);
        using RuntimeComparison comparison = new(reference, tap, model, threads);
        for (int i = 0; i < windows.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            comparison.Add(windows[i]);
            progress?.Report(new QuantizationEvent.Progress("evaluate", "comparing the integer runtime", i + 1, windows.Count));
        }

        return comparison.Noise.ToFidelities();
    }

    // Layer by layer, both models side by side: what has to be kept is one layer's sites, not all of them.
    private static void Compare(DecoderModel model, KeyValueCache? prefix, Simulation simulation, int[][] windows, NoiseTable noise, Action<int> layerDone)
    {
        using RecordingTap record = new();
        ComparingTap compare = new(simulation, record, noise);
        using torch.Tensor ids = TokenTensor.Of(windows);
        torch.Tensor expected = Embed(model, ids, record);
        torch.Tensor actual = Embed(model, ids, compare);
        for (int layer = 0; layer < model.Architecture.LayerCount; layer++)
        {
            expected = Advance(model, layer, expected, record, prefix);
            actual = Advance(model, layer, actual, compare, prefix);
            noise.Add(new(layer, SiteKind.LayerOutput), expected, actual);
            layerDone(layer);
        }

        using torch.Tensor head = HeadInput(model, expected, record);
        using torch.Tensor simulatedHead = HeadInput(model, actual, compare);
        CompareLogits(model, head, simulatedHead, record, compare);
    }

    private static torch.Tensor Embed(DecoderModel model, torch.Tensor ids, ISiteTap tap)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        return model.Embed(ids, tap).DetachFromDisposeScope();
    }

    private static torch.Tensor Advance(DecoderModel model, int layer, torch.Tensor x, ISiteTap tap, KeyValueCache? prefix)
    {
        torch.Tensor next = model.RunLayers(layer, layer + 1, x, tap, prefix);
        x.Dispose();
        return next;
    }

    private static torch.Tensor HeadInput(DecoderModel model, torch.Tensor x, ISiteTap tap)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor head = tap.Apply(new(SiteKind.HeadInput), model.FinalNorm(x)).view(-1, x.shape[^1]).DetachFromDisposeScope();
        x.Dispose();
        return head;
    }

    private static void CompareLogits(DecoderModel model, torch.Tensor expected, torch.Tensor actual, RecordingTap record, ComparingTap compare)
    {
        long chunk = Math.Max(1, LogitsPerChunk / model.Architecture.VocabularySize);
        for (long start = 0; start < expected.shape[0]; start += chunk)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            long count = Math.Min(chunk, expected.shape[0] - start);
            model.ComputeLogits(expected.narrow(0, start, count), record).Dispose();
            model.ComputeLogits(actual.narrow(0, start, count), compare).Dispose();
        }
    }
}
