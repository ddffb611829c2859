using System.Runtime.InteropServices;
using MobileQuant.Programs;

namespace MobileQuant.Bench;

/// <summary>A linear layer of random codes, in native memory.</summary>
internal static unsafe class RandomLayer
{
    public static LinearProgram Create(int outputs, int inputs, WeightFormat format, bool asymmetric, Random random)
    {
        int padded = (outputs + LinearProgram.TileRows - 1) / LinearProgram.TileRows * LinearProgram.TileRows;
        (int low, int high) = format == WeightFormat.S8 ? (-127, 127) : (-8, 7);
        int size = PackedLayout.BlockSize(format);
        int blocks = PackedLayout.BlockCount(format, inputs);
        byte[] blockScales = new byte[outputs * blocks];
        sbyte[] blockZeros = new sbyte[outputs * blocks];
        for (int i = 0; i < blockScales.Length; i++)
        {
            blockScales[i] = (byte)random.Next(1, 64);
            blockZeros[i] = (sbyte)(asymmetric ? random.Next(-8, 8) : 0);
        }

        sbyte[] codes = new sbyte[outputs * inputs];
        sbyte[] zeros = new sbyte[padded];
        int[] rowSums = new int[padded];
        int[] multipliers = new int[padded];
        byte[] shifts = new byte[padded];
        Array.Fill(shifts, (byte)1);
        int[] bias = new int[padded];
        for (int n = 0; n < outputs; n++)
        {
            zeros[n] = (sbyte)(asymmetric && size == 0 ? random.Next(-8, 8) : 0);
            multipliers[n] = random.Next(1 << 30, int.MaxValue);
            shifts[n] = (byte)random.Next(30, 50);
            bias[n] = random.Next(-1000, 1000);
            for (int k = 0; k < inputs; k++)
            {
                sbyte code = (sbyte)random.Next(low, high + 1);
                codes[(n * inputs) + k] = code;
                int block = size == 0 ? 0 : (n * blocks) + (k / size);
                rowSums[n] += size == 0 ? code - zeros[n] : blockScales[block] * (code - blockZeros[block]);
            }
        }

        long bytes = PackedLayout.TotalBytes(format, outputs, inputs);
        byte* weights = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 4096);
        PackedLayout.Pack(format, codes, outputs, inputs, new Span<byte>(weights, checked((int)bytes)), blockScales, blockZeros);
        return new LinearProgram
        {
            Name = "random",
            InputSize = inputs,
            OutputSize = outputs,
            Format = format,
            Weights = new(weights, bytes, null),
            RowSums = NativeSpan<int>.Copy(rowSums),
            Multipliers = NativeSpan<int>.Copy(multipliers),
            Shifts = NativeSpan<byte>.Copy(shifts),
            ZeroPoints = asymmetric && size == 0 ? NativeSpan<sbyte>.Copy(zeros) : default,
            Bias = NativeSpan<int>.Copy(bias),
            OutputMinimum = int.MinValue,
            OutputMaximum = int.MaxValue,
        };
    }

    /// <summary>The same layer with weights of its own, so that a stream of layers does not stay in a cache.</summary>
    public static LinearProgram Copy(LinearProgram linear)
    {
        byte* weights = (byte*)NativeMemory.AlignedAlloc((nuint)linear.Weights.Length, 4096);
        Buffer.MemoryCopy(linear.Weights.Pointer, weights, linear.Weights.Length, linear.Weights.Length);
        return new LinearProgram
        {
            Name = linear.Name,
            InputSize = linear.InputSize,
            OutputSize = linear.OutputSize,
            Format = linear.Format,
            Weights = new(weights, linear.Weights.Length, null),
            RowSums = linear.RowSums,
            Multipliers = linear.Multipliers,
            Shifts = linear.Shifts,
            ZeroPoints = linear.ZeroPoints,
            Bias = linear.Bias,
            OutputMinimum = linear.OutputMinimum,
            OutputMaximum = linear.OutputMaximum,
        };
    }

    /// <summary>Releases the weights, which are too large to leave to a finalizer.</summary>
    public static void Free(LinearProgram linear) => NativeMemory.AlignedFree(linear.Weights.Pointer);
}
