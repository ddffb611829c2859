using System.Buffers.Binary;
using System.Runtime.InteropServices;
using MobileQuant.Arithmetic;
using MobileQuant.Artifacts;
using MobileQuant.Export;
using MobileQuant.Programs;
using MobileQuant.Quantization;

namespace MobileQuant.Lowering;

/// <summary>
/// Lowers one linear layer: packed codes, channel factors, row sums, biases, and the proof that its accumulators fit s32.
/// The codes are made when the writer asks for them and dropped when they are written.
/// </summary>
internal sealed class LinearLowering
{
    // Row exponents go down to 28 - 31: the folded shift is then still at least 1.
    private const int SmallestShift = 4;

    private readonly Func<QuantizedWeight> _quantize;
    private readonly Func<int, double> _outputStep;
    private readonly float[]? _bias;
    private readonly double _inputUnit;
    private readonly int _outputs;
    private readonly int _inputs;
    private QuantizedWeight? _weight;

    /// <summary>Describes the layer.</summary>
    /// <param name="name">Its name in the artifact.</param>
    /// <param name="outputs">N.</param>
    /// <param name="inputs">K.</param>
    /// <param name="format">Layout.</param>
    /// <param name="hasZeroPoints">Whether the weights' grid has zero points.</param>
    /// <param name="quantize">Makes the codes.</param>
    /// <param name="bias">Real biases, or null.</param>
    /// <param name="inputUnit">Real value of one step of the input row, over the steps of a code's full range (255 for u8).</param>
    /// <param name="outputStep">Real value of an output code, per channel.</param>
    /// <param name="clamp">Bounds of the outputs.</param>
    public LinearLowering(
        string name,
        int outputs,
        int inputs,
        WeightFormat format,
        bool hasZeroPoints,
        Func<QuantizedWeight> quantize,
        float[]? bias,
        double inputUnit,
        Func<int, double> outputStep,
        (int Minimum, int Maximum) clamp)
    {
        Name = name;
        _quantize = quantize;
        _bias = bias;
        _inputUnit = inputUnit;
        _outputStep = outputStep;
        _outputs = outputs;
        _inputs = inputs;
        Manifest = new(format, clamp.Minimum, clamp.Maximum, int.MaxValue, bias is not null, hasZeroPoints);
    }

    public string Name { get; }

    /// <summary>Before writing, with the widest possible bound; after, with the proven one.</summary>
    public ManifestLinear Manifest { get; private set; }

    private int PaddedOutputs => (_outputs + LinearProgram.TileRows - 1) / LinearProgram.TileRows * LinearProgram.TileRows;

    /// <summary>Adds the layer's tensors to a file.</summary>
    /// <param name="writer">The file.</param>
    /// <param name="sharesWeights">True: the packed codes are written elsewhere (a tied head).</param>
    public void AddTo(ArtifactWriter writer, bool sharesWeights = false)
    {
        if (!sharesWeights)
        {
            AddPacked(writer, ArtifactNames.Weight(Name), Manifest.Format, _outputs, _inputs, Weight);
        }

        writer.Add(ArtifactNames.Channels(Name), "I32", [Manifest.HasBias ? 3 : 2, PaddedOutputs], WriteChannels);
        if (Manifest.HasZeroPoints)
        {
            writer.Add(ArtifactNames.ZeroPoints(Name), "I8", [PaddedOutputs], WriteZeroPoints);
        }
    }

    /// <summary>Adds packed codes to a file.</summary>
    public static void AddPacked(ArtifactWriter writer, string name, WeightFormat format, int outputs, int inputs, Func<QuantizedWeight> weight)
    {
        long tiles = (outputs + LinearProgram.TileRows - 1) / LinearProgram.TileRows;
        writer.Add(name, "U8", [tiles, PackedLayout.TileBytes(format, inputs)], stream =>
        {
            byte[] packed = new byte[PackedLayout.TotalBytes(format, outputs, inputs)];
            QuantizedWeight w = weight();
            PackedLayout.Pack(format, w.Codes, outputs, inputs, packed, w.BlockScales, w.BlockZeroPoints);
            stream.Write(packed);
        });
    }

    /// <summary>
    /// The widest head input, in bits up to 16, for which every row's accumulator fits: sum |w| * (2^(bits-1) - 1) &lt; 2^31.
    /// </summary>
    public static int WidestInput(QuantizedWeight weight)
    {
        long largest = 1;
        for (int n = 0; n < weight.Rows; n++)
        {
            largest = Math.Max(largest, Sums(weight, n).Magnitude);
        }

        int bits = 16;
        while (bits > 9 && largest * ((1L << (bits - 1)) - 1) >= 1L << 31)
        {
            bits--;
        }

        return bits;
    }

    /// <summary>The layout for a scheme.</summary>
    public static WeightFormat FormatOf(WeightScheme scheme) => (scheme.Bits, scheme.BlockSize) switch
    {
        (8, 0) => WeightFormat.S8,
        (4, 0) => WeightFormat.S4,
        (4, 64) => WeightFormat.S4B64,
        (4, 32) => WeightFormat.S4B32,
        _ => throw new ArgumentOutOfRangeException(nameof(scheme), scheme, "there is no layout for it"),
    };

    /// <summary>sum_k s * (w - zero) and sum_k s * |w - zero| of a row, with the block scales s where there are blocks.</summary>
    private static (int Sum, long Magnitude) Sums(QuantizedWeight weight, int row)
    {
        ReadOnlySpan<sbyte> codes = weight.Codes.AsSpan(row * weight.Columns, weight.Columns);
        int length = weight.BlockSize == 0 ? weight.Columns : weight.BlockSize;
        int block = row * ((weight.Columns + length - 1) / length);
        long sum = 0;
        long magnitude = 0;
        for (int first = 0; first < codes.Length; first += length, block++)
        {
            int scale = weight.BlockScales?[block] ?? 1;
            int zero = weight.BlockScales is null ? weight.ZeroPoints?[row] ?? 0 : weight.BlockZeroPoints?[block] ?? 0;
            foreach (sbyte code in codes.Slice(first, Math.Min(length, codes.Length - first)))
            {
                sum += scale * (code - zero);
                magnitude += scale * Math.Abs(code - zero);
            }
        }

        // Rows whose sum passes s32 are refused for their magnitude.
        return (unchecked((int)sum), magnitude);
    }

    private QuantizedWeight Weight()
    {
        if (_weight is null)
        {
            QuantizedWeight weight = _quantize();
            if (FormatOf(new(weight.Bits, WeightSymmetry.Default, WeightGranularity.Channel, weight.BlockSize)) != Manifest.Format)
            {
                throw new InvalidOperationException($"the codes of '{Name}' have {weight.Bits} bits in blocks of {weight.BlockSize}, its layout is {Manifest.Format}");
            }

            _weight = weight;
        }

        return _weight;
    }

    private void WriteChannels(Stream stream)
    {
        QuantizedWeight weight = Weight();
        int padded = PaddedOutputs;
        int[] table = new int[(Manifest.HasBias ? 3 : 2) * padded];
        long largest = 0;
        table.AsSpan(0, padded).Fill((int)ChannelWord.Pack(new(0, 1)));
        for (int n = 0; n < weight.Rows; n++)
        {
            double step = _outputStep(n);
            FixedPointFactor factor = FixedPointFactor.FromDouble(Math.ScaleB(weight.Scales[n] * _inputUnit / step, RowScale.UnitBits));
            if (factor.Shift < SmallestShift)
            {
                throw new MobileQuantException(
                    "MQ3051", $"Channel {n} of '{Name}' needs a factor of {factor.ToDouble():g3}, above what the arithmetic holds.", "Its calibrated range does not fit its weights: calibrate on more text.");
            }

            (int sum, long magnitude) = Sums(weight, n);
            largest = Math.Max(largest, magnitude);
            table[n] = (int)ChannelWord.Pack(factor);
            table[padded + n] = sum;
            if (_bias is not null)
            {
                table[(2 * padded) + n] = (int)Math.Clamp(Math.Round(_bias[n] / step), int.MinValue, int.MaxValue);
            }
        }

        Manifest = Manifest with { AccumulatorBound = Prove(largest) };
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(table, table);
        }

        stream.Write(MemoryMarshal.AsBytes(table.AsSpan()));
        if (!Manifest.HasZeroPoints)
        {
            _weight = null;
        }
    }

    /// <summary>
    /// sum s * |w - zero| times the largest |x - z|. Partial sums may pass 2^31 on the way; wrapping addition is exact modulo 2^32, so
    /// only the final accumulator has to fit.
    /// </summary>
    private long Prove(long magnitude)
    {
        long bound = magnitude * InputLimit;
        return bound < 1L << 31
            ? bound
            : throw new MobileQuantException("MQ3052", $"An accumulator of '{Name}' could reach {bound}, at or above 2^31.", "The layer is too wide for s32 accumulators.");
    }

    /// <summary>Largest |x - z| of an input code.</summary>
    public int InputLimit { get; init; } = 255;

    private void WriteZeroPoints(Stream stream)
    {
        sbyte[] zeroPoints = new sbyte[PaddedOutputs];
        Weight().ZeroPoints?.CopyTo(zeroPoints, 0);
        stream.Write(MemoryMarshal.AsBytes(zeroPoints.AsSpan()));
        _weight = null;
    }
}
