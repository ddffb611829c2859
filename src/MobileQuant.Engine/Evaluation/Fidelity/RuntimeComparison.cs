using System.Runtime.InteropServices;
using MobileQuant.Decoding;
using MobileQuant.Modeling;
using TorchSharp;
using KeyValueCache = MobileQuant.Modeling.KeyValueCache;

namespace MobileQuant.Evaluation.Fidelity;

/// <summary>
/// Runs windows through a model in float arithmetic and through the integer runtime, and adds up how far branches, residual
/// stream and logits are apart. The branches of the runtime are differences of its residual stream, which adds them exactly.
/// </summary>
internal sealed class RuntimeComparison : IDisposable
{
    private readonly DecoderModel _reference;
    private readonly ISiteTap? _tap;
    private readonly KeyValueCache? _prefix;
    private readonly QuantizedModel _model;
    private readonly GenerationSession _session;
    private readonly int _layers;
    private readonly int _hidden;
    private readonly double _step;
    private readonly int[] _before;
    private readonly int[] _difference;
    private readonly Dictionary<Site, float[]> _expected = [];
    private int _done;
    private int _count;

    /// <summary>Opens a session; the parameters are those of <see cref="FidelityEvaluator"/>.</summary>
    public RuntimeComparison(DecoderModel reference, ISiteTap? tap, QuantizedModel model, int threads)
    {
        _reference = reference;
        _tap = tap;
        _prefix = reference.ComputePrefix();
        _model = model;
        _layers = reference.Architecture.LayerCount;
        _hidden = reference.Architecture.HiddenSize;
        _step = model.Manifest!.Program.ResidualScale;
        _before = new int[Decoder.ChunkRows * _hidden];
        _difference = new int[_hidden];
        _session = model.CreateSession(new SessionOptions { Threads = threads });
        _session.Decoder.AttentionFinished = layer => Compare(new(layer, SiteKind.OutputOutput), null);
        _session.Decoder.LayerFinished = layer => Compare(new(layer, SiteKind.DownOutput), new(layer, SiteKind.LayerOutput));
    }

    /// <summary>What was found so far.</summary>
    public NoiseTable Noise { get; } = new();

    /// <summary>Adds a window.</summary>
    /// <param name="window">Token ids, at most the session's context.</param>
    public void Add(int[] window)
    {
        using torch.Tensor head = RunReference(window);
        _session.Reset();
        for (_done = 0; _done < window.Length; _done += _count)
        {
            int[] chunk = [.. window.Skip(_done).Take(Decoder.ChunkRows)];
            _count = chunk.Length;
            for (int row = 0; row < _count; row++)
            {
                _model.Program.Embedding.Lookup(chunk[row], _before.AsSpan(row * _hidden, _hidden));
            }

            // The receiver's position counts from the start of the session, as the rows of the reference do.
            using torch.Tensor logits = Logits(head.narrow(0, _done, _count));
            _session.Prefill(chunk, (position, actual) => Noise.Add(
                new(SiteKind.HeadOutput),
                MemoryMarshal.Cast<byte, float>(logits.bytes).Slice((position - _done) * actual.Length, actual.Length),
                actual,
                Math.ScaleB(1, -GenerationSession.LogitFractionBits)));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        _prefix?.Dispose();
    }

    private torch.Tensor Logits(torch.Tensor head)
    {
        using torch.Tensor rows = head;
        using torch.Tensor logits = _reference.ComputeLogits(rows, _tap);
        using torch.Tensor whole = logits.contiguous();
        return whole.cpu();
    }

    /// <summary>Keeps what the reference has at the sites that the runtime shows; returns what its head reads, [tokens, hidden].</summary>
    private torch.Tensor RunReference(int[] window)
    {
        using IDisposable noGradient = torch.no_grad();
        using RecordingTap record = new(_tap, site => site.Kind is SiteKind.OutputOutput or SiteKind.DownOutput);
        using torch.Tensor ids = TokenTensor.Of(window);
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor x = _reference.Embed(ids, record);
        for (int layer = 0; layer < _layers; layer++)
        {
            torch.Tensor next = _reference.RunLayers(layer, layer + 1, x, record, _prefix);
            x.Dispose();
            x = next;
            foreach (SiteKind kind in (SiteKind[])[SiteKind.OutputOutput, SiteKind.DownOutput])
            {
                using torch.Tensor branch = record.Take(new(layer, kind));
                _expected[new(layer, kind)] = Values(branch);
            }

            _expected[new(layer, SiteKind.LayerOutput)] = Values(x);
        }

        torch.Tensor head = record.Apply(new(SiteKind.HeadInput), _reference.FinalNorm(x));
        x.Dispose();
        return head.view(window.Length, _hidden).DetachFromDisposeScope();
    }

    private void Compare(Site branch, Site? stream)
    {
        for (int row = 0; row < _count; row++)
        {
            ReadOnlySpan<int> now = _session.Decoder.Residual(row);
            Span<int> before = _before.AsSpan(row * _hidden, _hidden);
            for (int i = 0; i < now.Length; i++)
            {
                _difference[i] = now[i] - before[i];
            }

            int at = (_done + row) * _hidden;
            Noise.Add(branch, _expected[branch].AsSpan(at, _hidden), _difference, _step);
            if (stream is { } site)
            {
                Noise.Add(site, _expected[site].AsSpan(at, _hidden), now, _step);
            }

            now.CopyTo(before);
        }
    }

    private static float[] Values(torch.Tensor tensor)
    {
        using torch.Tensor contiguous = tensor.contiguous();
        using torch.Tensor whole = contiguous.cpu();
        return MemoryMarshal.Cast<byte, float>(whole.bytes).ToArray();
    }
}
