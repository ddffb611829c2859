using System.Runtime.InteropServices;
using MobileQuant.Arithmetic;
using MobileQuant.Kernels;
using MobileQuant.Programs;

namespace MobileQuant.Bench;

/// <summary>Random input rows and room for outputs.</summary>
internal sealed unsafe class RandomRows : IDisposable
{
    private readonly byte* _codes;
    private readonly RowScale* _scales;
    private readonly int* _sums;

    public RandomRows(LinearProgram linear, int count, bool wide, Random random)
    {
        int codeRows = count * (wide ? 2 : 1);
        int stride = linear.PaddedInputSize;
        _codes = (byte*)NativeMemory.AllocZeroed((nuint)((long)codeRows * stride));
        _scales = (RowScale*)NativeMemory.Alloc((nuint)count, (nuint)sizeof(RowScale));
        _sums = (int*)NativeMemory.AllocZeroed((nuint)count, sizeof(int));
        Output = (int*)NativeMemory.AllocZeroed((nuint)((long)count * linear.OutputSize), sizeof(int));
        for (int row = 0; row < codeRows; row++)
        {
            Span<byte> codes = new(_codes + ((long)row * stride), linear.InputSize);
            random.NextBytes(codes);
            int sum = 0;
            foreach (byte code in codes)
            {
                sum += code;
            }

            _sums[wide ? row / 2 : row] += wide && row % 2 == 0 ? 256 * sum : sum;
        }

        for (int row = 0; row < count; row++)
        {
            _scales[row] = new(wide ? WideRowQuantizer.ZeroPoint : random.Next(256), random.Next(1 << 30, int.MaxValue), random.Next(-5, 6));
        }

        Batch = new(_codes, stride, count, wide, _scales, _sums);
    }

    public RowBatch Batch { get; }

    /// <summary>Outputs, as many per row as the layer has.</summary>
    public int* Output { get; }

    public void Dispose()
    {
        NativeMemory.Free(_codes);
        NativeMemory.Free(_scales);
        NativeMemory.Free(_sums);
        NativeMemory.Free(Output);
    }
}
