using System.Runtime.InteropServices;
using MobileQuant.Arithmetic;
using MobileQuant.Programs;

namespace MobileQuant.Benchmarking;

/// <summary>
/// Models of any shape with random weights: they compute as a real one of that shape does, and say nothing. For benchmarks and
/// for tests of kernels against each other.
/// </summary>
public static class RandomModel
{
    /// <summary>TinyLlama-1.1B: 22 layers, hidden 2048, 32 heads, 4 KV heads, MLP 5632, vocabulary 32000, context 2048.</summary>
    public static ProgramShape TinyLlama { get; } = new(22, 2048, 32, 4, 64, 5632, 32000, 2048);

    /// <summary>Makes a model.</summary>
    /// <param name="shape">Its sizes.</param>
    /// <param name="weightBits">8 or 4, for the decoder layers; embedding and head have 8.</param>
    /// <param name="blockSize">64 or 32 for 4-bit weights in blocks; 0 for a scale per channel.</param>
    /// <param name="seed">The same seed gives the same model.</param>
    /// <returns>A model without tokenizer and manifest.</returns>
    /// <exception cref="MobileQuantException">MQ6002: impossible sizes.</exception>
    public static QuantizedModel Create(ProgramShape shape, int weightBits = 8, int blockSize = 0, int seed = 1)
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.Validate();
        WeightFormat format = (weightBits, blockSize) switch
        {
            (8, 0) => WeightFormat.S8,
            (4, 0) => WeightFormat.S4,
            (4, 64) => WeightFormat.S4B64,
            (4, 32) => WeightFormat.S4B32,
            _ => throw new ArgumentOutOfRangeException(nameof(weightBits), (weightBits, blockSize), "8 or 4, in blocks of 64 or 32 when 4"),
        };
        return new(new Builder(shape, format, seed).Build());
    }

    private sealed class Builder(ProgramShape shape, WeightFormat format, int seed)
    {
        private const int Word = 32767;
        private int _seed = seed;

        public IntegerProgram Build()
        {
            int queries = shape.Heads * shape.HeadSize;
            int keys = shape.KeyValueHeads * shape.HeadSize;
            LinearProgram head = Linear("head", WeightFormat.S8, shape.Vocabulary, shape.Hidden, 29, int.MaxValue);
            LayerProgram[] layers = new LayerProgram[shape.Layers];
            for (int i = 0; i < layers.Length; i++)
            {
                layers[i] = new()
                {
                    AttentionNorm = Norm(),
                    Query = Linear("q", format, queries, shape.Hidden, 35, Word),
                    Key = Linear("k", format, keys, shape.Hidden, 35, Word),
                    Value = Linear("v", format, keys, shape.Hidden, 39, 255),
                    Attention = new()
                    {
                        KeyFactors = Heads(new FixedPointFactor(1 << 30, 37)),
                        KeyZeroPoints = Heads(127),
                        ValueZeroPoints = Heads(131),
                        ScoreFactors = Heads(new FixedPointFactor(1 << 30, 36)),
                        OutputFactors = Heads(new FixedPointFactor(1 << 30, 30)),
                    },
                    Output = Linear("o", format, shape.Hidden, queries, 23, 1 << 22),
                    FeedForwardNorm = Norm(),
                    Gate = Linear("gate", format, shape.FeedForward, shape.Hidden, 35, Word),
                    Up = Linear("up", format, shape.FeedForward, shape.Hidden, 35, Word),
                    Activation = NativeSpan<short>.Copy(ActivationTable.Create(x => x / (1 + Math.Exp(-x)), 1e-3)),
                    ActivationSpacingBits = ActivationTable.SpacingBits(1e-3),
                    Down = Linear("down", format, shape.Hidden, shape.FeedForward, 22, 1 << 22),
                };
            }

            return new()
            {
                Shape = shape,
                Embedding = new()
                {
                    Weights = Linear("embedding", WeightFormat.S8, shape.Vocabulary, shape.Hidden, 36, 1).Weights,
                    Hidden = shape.Hidden,
                    Factors = [.. Enumerable.Repeat(new FixedPointFactor(1 << 30, 19), shape.Vocabulary)],
                },
                RotaryIncrements = [.. Enumerable.Range(0, shape.HeadSize / 2).Select(i => RotaryTable.Increment(Math.Pow(10_000, -2.0 * i / shape.HeadSize)))],
                Layers = layers,
                FinalNorm = Norm(),
                HeadInputBits = 14,
                Head = head,
            };
        }

        private T[] Heads<T>(T value) => [.. Enumerable.Repeat(value, shape.KeyValueHeads)];

        private NormProgram Norm()
        {
            Random random = new(_seed++);
            int[] gains = new int[shape.Hidden];
            for (int i = 0; i < gains.Length; i++)
            {
                gains[i] = random.Next(1 << 28, 1 << 30);
            }

            return new() { Gains = NativeSpan<int>.Copy(gains), Epsilon = 1000 };
        }

        private unsafe LinearProgram Linear(string name, WeightFormat layout, int outputs, int inputs, int shift, int limit)
        {
            int padded = (outputs + LinearProgram.TileRows - 1) / LinearProgram.TileRows * LinearProgram.TileRows;
            byte[] weights = GC.AllocateUninitializedArray<byte>(checked((int)PackedLayout.TotalBytes(layout, outputs, inputs)), pinned: true);
            int[] sums = new int[padded];
            int tileBytes = (int)PackedLayout.TileBytes(layout, inputs);
            int first = _seed++;
            Parallel.For(0, padded / LinearProgram.TileRows, tile =>
                FillTile(layout, weights.AsSpan(tile * tileBytes, tileBytes), sums.AsSpan(tile * LinearProgram.TileRows, LinearProgram.TileRows), inputs, (first * 1_000_003) + tile));

            // Block scales average 32.
            int more = PackedLayout.BlockSize(layout) > 0 ? 5 : 0;
            byte* pointer = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(weights, 0);
            return new()
            {
                Name = name,
                InputSize = inputs,
                OutputSize = outputs,
                Format = layout,
                Weights = new(pointer, weights.Length, weights),
                RowSums = NativeSpan<int>.Copy(sums),
                Multipliers = NativeSpan<int>.Copy([.. Enumerable.Range(0, padded).Select(n => (1 << 30) + (n * 7919))]),
                Shifts = NativeSpan<byte>.Copy([.. Enumerable.Repeat((byte)(shift + more), padded)]),
                OutputMinimum = -limit,
                OutputMaximum = limit,
            };
        }

        private static void FillTile(WeightFormat layout, Span<byte> tile, Span<int> sums, int inputs, int seed)
        {
            new Random(seed).NextBytes(tile);
            int size = PackedLayout.BlockSize(layout);
            if (size > 0)
            {
                FillBlocks(layout, tile, sums, inputs, size);
                return;
            }

            int step = layout == WeightFormat.S8 ? 4 : 8;
            for (int at = 0; at < tile.Length; at++)
            {
                int k = (at / 64 * step) + (at % 4);
                ref byte code = ref tile[at];
                if (layout == WeightFormat.S8)
                {
                    code = k < inputs ? (code == 0x80 ? (byte)0x81 : code) : (byte)0;
                    sums[at % 64 / 4] += (sbyte)code;
                }
                else
                {
                    int low = k < inputs ? code & 15 : 8;
                    int high = k + 4 < inputs ? code >> 4 : 8;
                    code = (byte)(low | (high << 4));
                    sums[at % 64 / 4] += low + high - 16;
                }
            }
        }

        private static void FillBlocks(WeightFormat layout, Span<byte> tile, Span<int> sums, int inputs, int size)
        {
            for (int k = 0; k < inputs; k += size)
            {
                Span<byte> block = tile[(int)PackedLayout.GroupOffset(layout, k)..];
                for (int at = 0; at < 64 * ((Math.Min(size, inputs - k) + 7) / 8); at++)
                {
                    int row = at % 64 / 4;
                    int column = k + (at / 64 * 8) + (at % 4);
                    (int scale, int zero) = BlockHeader.Get(block, row);
                    ref byte code = ref block[BlockHeader.Bytes + at];
                    int low = column < inputs ? code & 15 : 0;
                    int high = column + 4 < inputs ? code >> 4 : 0;
                    code = (byte)(low | (high << 4));
                    sums[row] += scale * ((column < inputs ? low - 8 - zero : 0) + (column + 4 < inputs ? high - 8 - zero : 0));
                }
            }
        }
    }
}
