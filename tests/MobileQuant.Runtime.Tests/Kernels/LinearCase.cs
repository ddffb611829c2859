using MobileQuant.Arithmetic;
using MobileQuant.Kernels;
using MobileQuant.Programs;

namespace MobileQuant.Tests.Kernels;

/// <summary>A random layer and batch in guarded memory, and what the specification says of it.</summary>
internal sealed unsafe class LinearCase : IDisposable
{
    private const int Untouched = 0x5A5A5A5A;

    private readonly List<IDisposable> _buffers = [];
    private readonly LinearShape _shape;
    private readonly Random _random;
    private readonly GuardedBuffer<byte> _codes;
    private readonly GuardedBuffer<RowScale> _scales;
    private readonly GuardedBuffer<int> _sums;
    private readonly GuardedBuffer<int> _output;
    private readonly int _stride;
    private readonly int _outputStride;

    public LinearCase(LinearShape shape)
    {
        _shape = shape;
        _random = new Random(shape.Seed);
        Linear = CreateLinear();
        _stride = Linear.PaddedInputSize + (shape.Seed % 3 == 0 ? 4 : 0);
        int codeRows = shape.Rows * (shape.Wide ? 2 : 1);
        _codes = Guard<byte>(((codeRows - 1) * _stride) + Linear.PaddedInputSize);
        _scales = Guard<RowScale>(shape.Rows);
        _sums = Guard<int>(shape.Rows);
        _outputStride = shape.OutputSize + (shape.Seed % 5);
        _output = Guard<int>(((shape.Rows - 1) * _outputStride) + shape.OutputSize);
        FillRows();
        Expected = Specification();
    }

    public LinearProgram Linear { get; }

    public int[] Expected { get; }

    public RowBatch Batch => new(_codes.Pointer, _stride, _shape.Rows, _shape.Wide, _scales.Pointer, _sums.Pointer);

    /// <summary>Runs a kernel in one or two tile ranges and compares every output element, and the gaps between rows.</summary>
    public void Check(LinearKernel kernel)
    {
        _output.Span.Fill(Untouched);
        int first = _shape.Seed % 2 == 0 ? Linear.TileCount : Linear.TileCount / 2;
        kernel.Run(Linear, 0, first, Batch, _output.Pointer, _outputStride);
        kernel.Run(Linear, first, Linear.TileCount - first, Batch, _output.Pointer, _outputStride);
        for (int i = 0; i < Expected.Length; i++)
        {
            if (Expected[i] != _output.Span[i])
            {
                Assert.Fail($"{kernel.Name} {_shape}: row {i / _outputStride}, channel {i % _outputStride}: expected {Expected[i]}, found {_output.Span[i]}");
            }
        }
    }

    public void Dispose() => _buffers.ForEach(buffer => buffer.Dispose());

    private GuardedBuffer<T> Guard<T>(int length)
        where T : unmanaged
    {
        GuardedBuffer<T> buffer = new(length, _shape.AtEnd);
        _buffers.Add(buffer);
        return buffer;
    }

    private NativeSpan<T> Guard<T>(T[] values)
        where T : unmanaged
    {
        GuardedBuffer<T> buffer = Guard<T>(values.Length);
        values.CopyTo(buffer.Span);
        return buffer.Native;
    }

    private LinearProgram CreateLinear()
    {
        (int outputs, int inputs) = (_shape.OutputSize, _shape.InputSize);
        int padded = (outputs + LinearProgram.TileRows - 1) / LinearProgram.TileRows * LinearProgram.TileRows;
        (int low, int high) = _shape.Format == WeightFormat.S8 ? (-127, 127) : (-8, 7);
        sbyte[] codes = new sbyte[outputs * inputs];
        for (int i = 0; i < codes.Length; i++)
        {
            codes[i] = (sbyte)(_shape.ExtremeCodes ? (_random.Next(2) == 0 ? low : high) : _random.Next(low, high + 1));
        }

        if (_shape.ExtremeCodes)
        {
            // Whole rows of one sign meet whole rows of 255: the largest sums there are.
            Array.Fill(codes, (sbyte)low, 0, inputs);
            Array.Fill(codes, (sbyte)high, (outputs - 1) * inputs, inputs);
        }

        int size = PackedLayout.BlockSize(_shape.Format);
        int blocks = PackedLayout.BlockCount(_shape.Format, inputs);
        byte[] blockScales = new byte[outputs * blocks];
        sbyte[] blockZeros = new sbyte[outputs * blocks];
        for (int i = 0; i < blockScales.Length; i++)
        {
            blockScales[i] = (byte)(_shape.ExtremeCodes ? (_random.Next(2) * 62) + 1 : _random.Next(1, 64));
            blockZeros[i] = (sbyte)(!_shape.Asymmetric ? 0 : _shape.ExtremeCodes ? (_random.Next(2) * 15) - 8 : _random.Next(-8, 8));
        }

        bool hasZeros = _shape.Asymmetric && size == 0;
        sbyte[] zeros = new sbyte[padded];
        int[] rowSums = new int[padded];
        int[] multipliers = new int[padded];
        byte[] shifts = new byte[padded];
        int[] bias = new int[padded];
        for (int n = 0; n < outputs; n++)
        {
            zeros[n] = (sbyte)(hasZeros ? _random.Next(-8, 8) : 0);
            multipliers[n] = _shape.ExtremeScales && _random.Next(8) == 0 ? 0 : _random.Next(1 << 30, int.MaxValue);
            shifts[n] = (byte)(_shape.ExtremeScales ? _random.Next(1, 63) : _random.Next(32, 40));
            bias[n] = _random.Next(4) == 0 ? _random.Next(int.MinValue, int.MaxValue) : _random.Next(-50_000, 50_000);
            for (int k = 0; k < inputs; k++)
            {
                int block = size == 0 ? 0 : (n * blocks) + (k / size);
                rowSums[n] += size == 0
                    ? codes[(n * inputs) + k] - zeros[n]
                    : blockScales[block] * (codes[(n * inputs) + k] - blockZeros[block]);
            }
        }

        for (int n = outputs; n < padded; n++)
        {
            shifts[n] = 1;
        }

        byte[] packed = new byte[PackedLayout.TotalBytes(_shape.Format, outputs, inputs)];
        PackedLayout.Pack(_shape.Format, codes, outputs, inputs, packed, blockScales, blockZeros);
        int bound = (_shape.Seed % 3) switch { 0 => int.MaxValue, 1 => 32767, _ => 255 };
        return new LinearProgram
        {
            Name = "test",
            InputSize = inputs,
            OutputSize = outputs,
            Format = _shape.Format,
            Weights = Guard(packed),
            RowSums = Guard(rowSums),
            Multipliers = Guard(multipliers),
            Shifts = Guard(shifts),
            ZeroPoints = hasZeros ? Guard(zeros) : default,
            Bias = _shape.Bias ? Guard(bias) : default,
            OutputMinimum = -bound,
            OutputMaximum = bound,
        };
    }

    private void FillRows()
    {
        for (int row = 0; row < _shape.Rows; row++)
        {
            int sum = 0;
            for (int k = 0; k < _shape.InputSize; k++)
            {
                for (int part = 0; part < (_shape.Wide ? 2 : 1); part++)
                {
                    byte code = (byte)(_shape.ExtremeCodes ? ((row + _random.Next(2)) % 3 == 0 ? 0 : 255) : _random.Next(256));
                    _codes.Span[(((row * (_shape.Wide ? 2 : 1)) + part) * _stride) + k] = code;
                    sum += _shape.Wide && part == 0 ? 256 * code : code;
                }
            }

            _sums.Span[row] = sum;
            _scales.Span[row] = new RowScale(
                _shape.Wide ? WideRowQuantizer.ZeroPoint : _random.Next(256),
                _random.Next(1 << 30, int.MaxValue),
                _shape.ExtremeScales ? _random.Next(-31, 32) : _random.Next(-4, 5));
        }
    }

    private int[] Specification()
    {
        int[] expected = new int[_output.Length];
        Array.Fill(expected, Untouched);
        for (int row = 0; row < _shape.Rows; row++)
        {
            Span<byte> codes = _codes.Span[(row * _stride * (_shape.Wide ? 2 : 1))..];
            for (int n = 0; n < _shape.OutputSize; n++)
            {
                expected[(row * _outputStride) + n] = _shape.Wide
                    ? LinearLayer.WideOutput(Linear, n, codes, codes[_stride..], _sums.Span[row], _scales.Span[row])
                    : LinearLayer.Output(Linear, n, codes, _sums.Span[row], _scales.Span[row]);
            }
        }

        return expected;
    }
}
