using System.Numerics;
using MobileQuant.Arithmetic;
using MobileQuant.Kernels;
using MobileQuant.Programs;

namespace MobileQuant.Decoding;

/// <summary>
/// Runs an integer program over a chunk of tokens and a KV cache. Owns the working rows and the worker threads of one session;
/// allocates nothing per token.
/// </summary>
internal sealed unsafe class Decoder : IDisposable
{
    /// <summary>Rows that are run together in prefill: enough to amortize the weights, few enough that rows stay in L2.</summary>
    public const int ChunkRows = 64;

    /// <summary>Rows whose logits are computed together.</summary>
    public const int HeadRows = 8;

    private readonly IntegerProgram _program;
    private readonly ProgramShape _shape;
    private readonly LinearKernel _kernel;
    private readonly WorkerPool _pool;
    private readonly AttentionStep _attention;
    private readonly Phase _normPhase;
    private readonly Phase _linearPhase;
    private readonly Phase _storePhase;
    private readonly Phase _attendPhase;
    private readonly Phase _quantizeAttentionPhase;
    private readonly Phase _gatePhase;

    private readonly NativeBuffer<int> _residual;
    private readonly NativeBuffer<int> _normed;
    private readonly NativeBuffer<int> _branch;
    private readonly NativeBuffer<int> _query;
    private readonly NativeBuffer<int> _key;
    private readonly NativeBuffer<int> _value;
    private readonly NativeBuffer<int> _attended;
    private readonly NativeBuffer<int> _gate;
    private readonly NativeBuffer<int> _up;
    private readonly NativeBuffer<int> _logits;
    private readonly QuantizedRows _rows;
    private readonly LinearJob[] _jobs = new LinearJob[3];

    // What the running phase works on; set by the caller's thread before workers start.
    private KeyValueCache? _cache;
    private LayerProgram? _layer;
    private NormProgram? _norm;
    private InputQuantizer _normInput;
    private RowBatch _batch;
    private int _layerIndex;
    private int _position;
    private int _count;
    private int _jobCount;

    public Decoder(IntegerProgram program, LinearKernel kernel, int threads)
    {
        _program = program;
        _shape = program.Shape;
        _kernel = kernel;
        _pool = new WorkerPool(threads);
        int queries = _shape.Heads * _shape.HeadSize;
        int keys = _shape.KeyValueHeads * _shape.HeadSize;
        int chunk = Math.Min(ChunkRows, _shape.Context);
        _attention = new(program, chunk, threads);
        _residual = new((long)chunk * _shape.Hidden);
        _normed = new((long)chunk * _shape.Hidden);
        _branch = new((long)chunk * _shape.Hidden);
        _query = new((long)chunk * queries);
        _key = new((long)chunk * keys);
        _value = new((long)chunk * keys);
        _attended = new((long)chunk * queries);
        _gate = new((long)chunk * _shape.FeedForward);
        _up = new((long)chunk * _shape.FeedForward);
        _logits = new((long)HeadRows * _shape.Vocabulary);
        _rows = new(Math.Max(program.HasWideInputs ? 2 * chunk : chunk, 2 * HeadRows), Math.Max(Math.Max(queries, _shape.Hidden), _shape.FeedForward));

        _normPhase = new(NormRows);
        _linearPhase = new(RunLinears);
        _storePhase = new(StoreRows);
        _attendPhase = new(AttendHeads);
        _quantizeAttentionPhase = new(QuantizeAttention);
        _gatePhase = new(GateRows);
    }

    public string KernelPath => _kernel.Name;

    public int Threads => _pool.Threads;

    /// <summary>The residual stream of the last chunk's row, for layer-by-layer comparison with the simulation.</summary>
    public ReadOnlySpan<int> Residual(int row) => _residual.Row(row, _shape.Hidden);

    /// <summary>Called between a layer's branches with its index, when set; the residual rows then hold the attention branch.</summary>
    public Action<int>? AttentionFinished { get; set; }

    /// <summary>Called after each layer with its index, when set; the residual rows are then that layer's output.</summary>
    public Action<int>? LayerFinished { get; set; }

    /// <summary>Runs a chunk of tokens at a position, filling the cache; logits are computed on demand.</summary>
    /// <param name="tokens">1 to 64 ids, each below the vocabulary.</param>
    /// <param name="cache">Filled to <paramref name="position"/>, with room for the chunk.</param>
    /// <param name="position">Position of the first token.</param>
    public void Run(ReadOnlySpan<int> tokens, KeyValueCache cache, int position)
    {
        _cache = cache;
        _count = tokens.Length;
        _position = position;
        for (int r = 0; r < tokens.Length; r++)
        {
            _program.Embedding.Lookup(tokens[r], _residual.Row(r, _shape.Hidden));
        }

        _attention.Begin(position, _count);
        for (int i = 0; i < _program.Layers.Length; i++)
        {
            _layerIndex = i;
            RunLayer(_program.Layers[i]);
            LayerFinished?.Invoke(i);
        }
    }

    /// <summary>Logits of consecutive rows of the last chunk: [count, vocabulary], s32 with 16 fraction bits. Valid until the next call.</summary>
    /// <param name="first">First row of the chunk.</param>
    /// <param name="count">1 to <see cref="HeadRows"/>.</param>
    public ReadOnlySpan<int> Logits(int first, int count)
    {
        for (int r = 0; r < count; r++)
        {
            Span<int> row = _normed.Row(r, _shape.Hidden);
            Normalization.Apply(_residual.Row(first + r, _shape.Hidden), _program.FinalNorm, row);
            _rows.QuantizeWide(r, row, _program.HeadInputBits);
        }

        _jobs[0] = new(_program.Head, _logits.Pointer, _shape.Vocabulary);
        RunJobs(1, _rows.Batch(count, wide: true));
        return new(_logits.Pointer, count * _shape.Vocabulary);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _attention.Dispose();
        foreach (NativeBuffer<int> buffer in (NativeBuffer<int>[])[_residual, _normed, _branch, _query, _key, _value, _attended, _gate, _up, _logits])
        {
            buffer.Dispose();
        }

        _rows.Dispose();
    }

    private void RunLayer(LayerProgram layer)
    {
        _layer = layer;
        int queries = _shape.Heads * _shape.HeadSize;
        int keys = _shape.KeyValueHeads * _shape.HeadSize;

        NormAndQuantize(layer.AttentionNorm, layer.AttentionInput);
        _jobs[0] = new(layer.Query, _query.Pointer, queries);
        _jobs[1] = new(layer.Key, _key.Pointer, keys);
        _jobs[2] = new(layer.Value, _value.Pointer, keys);
        RunJobs(3, _rows.Batch(_count, layer.AttentionInput.IsWide));
        RunRows(_storePhase);
        _pool.Run(_attendPhase);
        RunRows(_quantizeAttentionPhase);
        _jobs[0] = new(layer.Output, _branch.Pointer, _shape.Hidden);
        RunJobs(1, _rows.Batch(_count, layer.OutputInput.IsWide));
        AddBranch();
        AttentionFinished?.Invoke(_layerIndex);

        NormAndQuantize(layer.FeedForwardNorm, layer.FeedForwardInput);
        _jobs[0] = new(layer.Gate, _gate.Pointer, _shape.FeedForward);
        _jobs[1] = new(layer.Up, _up.Pointer, _shape.FeedForward);
        RunJobs(2, _rows.Batch(_count, layer.FeedForwardInput.IsWide));
        RunRows(_gatePhase);
        _jobs[0] = new(layer.Down, _branch.Pointer, _shape.Hidden);
        RunJobs(1, _rows.Batch(_count, layer.DownInput.IsWide));
        AddBranch();
    }

    private void NormAndQuantize(NormProgram norm, InputQuantizer input)
    {
        _norm = norm;
        _normInput = input;
        RunRows(_normPhase);
    }

    private void RunJobs(int count, RowBatch batch)
    {
        _jobCount = count;
        _batch = batch;
        _pool.Run(_linearPhase);
    }

    /// <summary>Row-wise work is split over workers only when there are rows to split.</summary>
    private void RunRows(Phase phase)
    {
        if (_count == 1)
        {
            phase.Execute(0, 1);
        }
        else
        {
            _pool.Run(phase);
        }
    }

    private void NormRows(int worker, int workers)
    {
        (int first, int count) = ParallelWork.Share(_count, worker, workers);
        for (int r = first; r < first + count; r++)
        {
            Span<int> row = _normed.Row(r, _shape.Hidden);
            Normalization.Apply(_residual.Row(r, _shape.Hidden), _norm!, row);
            _rows.Quantize(r, row, _normInput);
        }
    }

    private void RunLinears(int worker, int workers)
    {
        for (int j = 0; j < _jobCount; j++)
        {
            ref readonly LinearJob job = ref _jobs[j];
            (int first, int count) = ParallelWork.Share(job.Linear.TileCount, worker, workers);
            if (count > 0)
            {
                _kernel.Run(job.Linear, first, count, _batch, job.Output, job.Stride);
            }
        }
    }

    private void StoreRows(int worker, int workers)
    {
        int queries = _shape.Heads * _shape.HeadSize;
        int keys = _shape.KeyValueHeads * _shape.HeadSize;
        (int first, int count) = ParallelWork.Share(_count, worker, workers);
        for (int r = first; r < first + count; r++)
        {
            _attention.Store(
                _layerIndex, _layer!.Attention, _cache!, _position, r, _query.Row(r, queries), _key.Row(r, keys), _value.Row(r, keys));
        }
    }

    private void AttendHeads(int worker, int workers)
    {
        int queries = _shape.Heads * _shape.HeadSize;

        // Dealt out one by one, since later rows see more keys.
        for (int i = worker; i < _count * _shape.KeyValueHeads; i += workers)
        {
            int row = i / _shape.KeyValueHeads;
            _attention.Attend(
                worker,
                _layerIndex,
                _layer!.Attention,
                _cache!,
                i % _shape.KeyValueHeads,
                _position + row + 1,
                _query.Row(row, queries),
                _attended.Row(row, queries));
        }
    }

    private void QuantizeAttention(int worker, int workers)
    {
        (int first, int count) = ParallelWork.Share(_count, worker, workers);
        for (int r = first; r < first + count; r++)
        {
            _rows.Quantize(r, _attended.Row(r, _shape.Heads * _shape.HeadSize), _layer!.OutputInput);
        }
    }

    private void GateRows(int worker, int workers)
    {
        LayerProgram layer = _layer!;
        ReadOnlySpan<short> knots = layer.Activation.Span;
        (int first, int count) = ParallelWork.Share(_count, worker, workers);
        for (int r = first; r < first + count; r++)
        {
            Span<int> gate = _gate.Row(r, _shape.FeedForward);
            ReadOnlySpan<int> up = _up.Row(r, _shape.FeedForward);
            for (int i = 0; i < gate.Length; i++)
            {
                gate[i] = ActivationTable.Evaluate(knots, layer.ActivationSpacingBits, gate[i]) * up[i];
            }

            _rows.Quantize(r, gate, layer.DownInput);
        }
    }

    /// <summary>Plain adds: every branch is clamped at its own bound, and the bounds and the embedding's sum to less than 2^31.</summary>
    private void AddBranch()
    {
        Span<int> residual = new(_residual.Pointer, _count * _shape.Hidden);
        ReadOnlySpan<int> branch = new(_branch.Pointer, residual.Length);
        int vector = 0;
        for (; vector <= residual.Length - Vector<int>.Count; vector += Vector<int>.Count)
        {
            (new Vector<int>(residual[vector..]) + new Vector<int>(branch[vector..])).CopyTo(residual[vector..]);
        }

        for (int i = vector; i < residual.Length; i++)
        {
            residual[i] += branch[i];
        }
    }

    // Not a record: the members that a record prints cannot be pointers under Native AOT.
    private readonly struct LinearJob(LinearProgram linear, int* output, int stride)
    {
        public LinearProgram Linear { get; } = linear;

        public int* Output { get; } = output;

        public int Stride { get; } = stride;
    }
}
