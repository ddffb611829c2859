using MobileQuant.Arithmetic;
using MobileQuant.Kernels;
using MobileQuant.Programs;

namespace MobileQuant.Decoding;

/// <summary>
/// Attention of a chunk of rows over the cache: rotates q and k, stores k and v as u8, then scores, softmax and the weighted sum.
/// Masking is by not visiting later keys.
/// </summary>
internal sealed unsafe class AttentionStep : IDisposable
{
    private readonly ProgramShape _shape;
    private readonly ulong[] _increments;
    private readonly NativeBuffer<short> _rotary;
    private readonly Scratch[] _scratch;

    public AttentionStep(IntegerProgram program, int rows, int workers)
    {
        _shape = program.Shape;
        _increments = program.RotaryIncrements;
        _rotary = new((long)rows * _increments.Length * 2);
        _scratch = new Scratch[workers];
        for (int i = 0; i < workers; i++)
        {
            _scratch[i] = new(_shape);
        }
    }

    /// <summary>Prepares the rotary tables of a chunk; once per chunk, for all layers.</summary>
    public void Begin(int position, int rows)
    {
        int width = _increments.Length * 2;
        for (int r = 0; r < rows; r++)
        {
            RotaryTable.Fill(position + r, _increments, _rotary.Row(r, width));
        }
    }

    /// <summary>Rotates a row's q in place, and its k, which it then stores in the cache with v.</summary>
    public void Store(int layer, AttentionProgram program, KeyValueCache cache, int position, int row, Span<int> query, Span<int> key, ReadOnlySpan<int> value)
    {
        int size = _shape.HeadSize;
        ReadOnlySpan<short> table = _rotary.Row(row, _increments.Length * 2);
        for (int head = 0; head < _shape.Heads; head++)
        {
            RotaryTable.Rotate(query.Slice(head * size, size), table);
        }

        for (int head = 0; head < _shape.KeyValueHeads; head++)
        {
            Span<int> rotated = key.Slice(head * size, size);
            RotaryTable.Rotate(rotated, table);
            FixedPointFactor factor = program.KeyFactors[head];
            int keyZero = program.KeyZeroPoints[head];
            int valueZero = program.ValueZeroPoints[head];
            byte* keys = cache.Keys(layer, head) + ((long)(position + row) * size);
            byte* values = cache.Values(layer, head) + ((long)(position + row) * size);
            for (int d = 0; d < size; d++)
            {
                keys[d] = (byte)Math.Clamp(Requantize.Scale(rotated[d], factor) + keyZero, 0, 255);
                values[d] = (byte)Math.Clamp(value[(head * size) + d] + valueZero, 0, 255);
            }
        }
    }

    /// <summary>Attends with the query heads of one key-value head of one row.</summary>
    /// <param name="worker">Whose scratch to use.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="program">Its attention.</param>
    /// <param name="cache">Filled to <paramref name="count"/> positions.</param>
    /// <param name="head">Key-value head.</param>
    /// <param name="count">Keys that the row may see.</param>
    /// <param name="query">The row's rotated q, [heads * headSize].</param>
    /// <param name="output">The row's attention output, [heads * headSize].</param>
    public void Attend(int worker, int layer, AttentionProgram program, KeyValueCache cache, int head, int count, ReadOnlySpan<int> query, Span<int> output)
    {
        int size = _shape.HeadSize;
        int group = _shape.Heads / _shape.KeyValueHeads;
        Scratch scratch = _scratch[worker];
        scratch.Reserve(count);
        byte* keys = cache.Keys(layer, head);
        byte* values = cache.Values(layer, head);
        for (int g = 0; g < group; g++)
        {
            int at = ((head * group) + g) * size;
            for (int d = 0; d < size; d++)
            {
                scratch.Query[d] = (short)query[at + d];
            }

            AttentionKernels.ScoreDots(scratch.Query, keys, count, size, program.KeyZeroPoints[head], scratch.Scores);
            long sum = Softmax.Weights(new(scratch.Scores, count), program.ScoreFactors[head], new(scratch.Weights, count));

            new Span<long>(scratch.Totals, size).Clear();
            for (int first = 0; first < count; first += Softmax.BlockKeys)
            {
                int block = Math.Min(Softmax.BlockKeys, count - first);
                new Span<int>(scratch.Accumulators, size).Clear();
                AttentionKernels.WeightedSum(
                    scratch.Weights + first, values + ((long)first * size), block, size, program.ValueZeroPoints[head], scratch.Accumulators);
                for (int d = 0; d < size; d++)
                {
                    scratch.Totals[d] += scratch.Accumulators[d];
                }
            }

            FixedPointFactor factor = program.OutputFactors[head];
            for (int d = 0; d < size; d++)
            {
                output[at + d] = (int)Requantize.Scale(Softmax.Divide(scratch.Totals[d], sum), factor);
            }
        }
    }

    public void Dispose()
    {
        _rotary.Dispose();
        foreach (Scratch scratch in _scratch)
        {
            scratch.Dispose();
        }
    }

    private sealed class Scratch(ProgramShape shape) : IDisposable
    {
        private readonly NativeBuffer<short> _query = new(shape.HeadSize);
        private readonly NativeBuffer<int> _accumulators = new(shape.HeadSize);
        private readonly NativeBuffer<long> _totals = new(shape.HeadSize);
        private NativeBuffer<int> _scores = new(Math.Min(1024, shape.Context));
        private NativeBuffer<short> _weights = new(Math.Min(1024, shape.Context));

        public short* Query => _query.Pointer;

        public int* Accumulators => _accumulators.Pointer;

        public long* Totals => _totals.Pointer;

        public int* Scores => _scores.Pointer;

        public short* Weights => _weights.Pointer;

        public void Reserve(int count)
        {
            if (count > _scores.Length)
            {
                int length = (int)Math.Min(Math.Max(count, 2 * _scores.Length), shape.Context);
                _scores.Dispose();
                _weights.Dispose();
                _scores = new(length);
                _weights = new(length);
            }
        }

        public void Dispose()
        {
            _query.Dispose();
            _accumulators.Dispose();
            _totals.Dispose();
            _scores.Dispose();
            _weights.Dispose();
        }
    }
}
