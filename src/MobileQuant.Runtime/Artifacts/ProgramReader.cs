using MobileQuant.Arithmetic;
using MobileQuant.Programs;

namespace MobileQuant.Artifacts;

/// <summary>Makes an integer program over an artifact's mapped bytes, checking every number that the kernels rely on.</summary>
internal sealed class ProgramReader
{
    /// <summary>Far more than the few tokens that a prefix has; a bound for what a file may claim.</summary>
    private const int MostPrefixTokens = 64;

    private readonly ArtifactFile _file;
    private readonly ManifestProgram _program;
    private readonly ProgramShape _shape;

    private ProgramReader(ArtifactFile file)
    {
        _file = file;
        _program = file.Manifest.Program;
        _shape = _program.Shape;
    }

    /// <summary>Reads the program.</summary>
    /// <exception cref="MobileQuantException">MQ6002 or MQ6003.</exception>
    public static IntegerProgram Read(ArtifactFile file) => new ProgramReader(file).Read();

    private IntegerProgram Read()
    {
        _shape.Validate();
        Check(_program.Layers.Count == _shape.Layers, "the number of layers");
        Check(_program.HeadInputBits is >= 9 and <= 16, "the width of the head's input");
        Check(_program.NormEpsilon >= 0, "epsilon");
        Check(Enum.IsDefined(_program.Norm), "the kind of the norms");
        Check(_program.ResidualBound is > 0 and < 1L << 31, "the bound of the residual stream");

        NativeSpan<ulong> rotary = _file.Map<ulong>(ArtifactNames.Rotary, "U64", RotaryPairs());
        NativeSpan<byte> embedding = MapWeights(ArtifactNames.Embedding, WeightFormat.S8, _shape.Vocabulary, _shape.Hidden);
        return new()
        {
            Shape = _shape,
            RotaryIncrements = rotary.Span.ToArray(),
            Embedding = new() { Weights = embedding, Hidden = _shape.Hidden, Factors = ReadEmbeddingFactors() },
            Layers = [.. Enumerable.Range(0, _shape.Layers).Select(ReadLayer)],
            FinalNorm = ReadNorm(ArtifactNames.FinalNorm, ArtifactNames.FinalNormBiases),
            Prefix = ReadPrefix(),
            HeadInputBits = _program.HeadInputBits,
            Head = ReadLinear(
                ArtifactNames.Head,
                _program.Head,
                _shape.Vocabulary,
                _shape.Hidden,
                _program.TiedHead ? embedding : null),
        };
    }

    private PrefixProgram? ReadPrefix()
    {
        if (_program.Prefix is not { } tokens)
        {
            return null;
        }

        Check(tokens.Count is > 0 and <= MostPrefixTokens && tokens.Count < _shape.Context, "the length of the prefix");
        Check(tokens.All(token => token >= 0 && token < _shape.Vocabulary), "a token of the prefix");
        NativeSpan<byte> Map(string name) => _file.Map<byte>(name, "U8", _shape.Layers, _shape.KeyValueHeads, tokens.Count, _shape.HeadSize);
        return new() { Length = tokens.Count, Keys = Map(ArtifactNames.PrefixKeys), Values = Map(ArtifactNames.PrefixValues) };
    }

    private long RotaryPairs()
    {
        Check(_file.Tensors.TryGetValue(ArtifactNames.Rotary, out TensorEntry? entry) && entry.Shape.Count == 1, "the rotary table");
        Check(entry!.Shape[0] >= 0 && entry.Shape[0] <= _shape.HeadSize / 2, "the number of rotary pairs");
        return entry.Shape[0];
    }

    private FixedPointFactor[] ReadEmbeddingFactors()
    {
        NativeSpan<uint> words = _file.Map<uint>(ArtifactNames.EmbeddingChannels, "U32", Padded(_shape.Vocabulary));
        FixedPointFactor[] factors = new FixedPointFactor[_shape.Vocabulary];
        for (int i = 0; i < factors.Length; i++)
        {
            factors[i] = Checked(ChannelWord.Unpack(words[i]));
        }

        return factors;
    }

    private LayerProgram ReadLayer(int index)
    {
        ManifestLayer layer = _program.Layers[index];
        int queries = _shape.Heads * _shape.HeadSize;
        int keys = _shape.KeyValueHeads * _shape.HeadSize;
        Check(layer.ActivationSpacingBits is >= 0 and <= 6, "the activation's spacing");
        return new()
        {
            AttentionNorm = ReadNorm(ArtifactNames.AttentionNorm(index), ArtifactNames.AttentionNormBiases(index)),
            AttentionInput = Checked(layer.AttentionInput),
            Query = Linear("q", queries, _shape.Hidden),
            Key = Linear("k", keys, _shape.Hidden),
            Value = Linear("v", keys, _shape.Hidden),
            Attention = new()
            {
                KeyFactors = Checked(layer.KeyFactors),
                KeyZeroPoints = CheckedZeroPoints(layer.KeyZeroPoints),
                ValueZeroPoints = CheckedZeroPoints(layer.ValueZeroPoints),
                ScoreFactors = Checked(layer.ScoreFactors),
                OutputFactors = Checked(layer.OutputFactors),
            },
            OutputInput = Checked(layer.OutputInput),
            Output = Linear("o", _shape.Hidden, queries),
            FeedForwardNorm = ReadNorm(ArtifactNames.FeedForwardNorm(index), ArtifactNames.FeedForwardNormBiases(index)),
            FeedForwardInput = Checked(layer.FeedForwardInput),
            Gate = Linear("gate", _shape.FeedForward, _shape.Hidden),
            Up = Linear("up", _shape.FeedForward, _shape.Hidden),
            Activation = _file.Map<short>(ArtifactNames.Activation(index), "I16", ActivationTable.Intervals + 1),
            ActivationSpacingBits = layer.ActivationSpacingBits,
            DownInput = Checked(layer.DownInput),
            Down = Linear("down", _shape.Hidden, _shape.FeedForward),
        };

        LinearProgram Linear(string name, int outputs, int inputs)
        {
            Check(layer.Linears.TryGetValue(name, out ManifestLinear? linear), $"the entry of '{name}'");
            return ReadLinear(ArtifactNames.Linear(index, name), linear!, outputs, inputs, null);
        }
    }

    private NormProgram ReadNorm(string gains, string biases) => new()
    {
        Form = _program.Norm,
        Gains = MapBounded(gains, 1 << NormProgram.GainBits),
        Biases = _program.Norm == NormForm.Layer ? MapBounded(biases, LayerNorm.BiasLimit) : default,
        Epsilon = _program.NormEpsilon,
    };

    /// <summary>A value for each channel of the residual stream, none beyond a limit.</summary>
    private NativeSpan<int> MapBounded(string name, int limit)
    {
        NativeSpan<int> values = _file.Map<int>(name, "I32", _shape.Hidden);
        foreach (int value in values.Span)
        {
            if (Math.Abs((long)value) > limit)
            {
                throw ArtifactFile.Damaged(_file.Path, $"tensor '{name}' has the element {value}, beyond {limit}");
            }
        }

        return values;
    }

    private LinearProgram ReadLinear(string name, ManifestLinear linear, int outputs, int inputs, NativeSpan<byte>? weights)
    {
        Check(linear.AccumulatorBound is >= 0 and < 1L << 31, $"the accumulator bound of '{name}'");
        Check(linear.OutputMinimum <= linear.OutputMaximum, $"the output range of '{name}'");
        Check(Enum.IsDefined(linear.Format) && (weights is null || linear.Format == WeightFormat.S8), $"the layout of '{name}'");

        int padded = (int)Padded(outputs);
        NativeSpan<int> table = _file.Map<int>(ArtifactNames.Channels(name), "I32", linear.HasBias ? 3 : 2, padded);
        int[] multipliers = new int[padded];
        byte[] shifts = new byte[padded];
        for (int i = 0; i < padded; i++)
        {
            FixedPointFactor factor = Checked(ChannelWord.Unpack((uint)table[i]));
            multipliers[i] = factor.Multiplier;
            shifts[i] = (byte)factor.Shift;
        }

        NativeSpan<sbyte> zeroPoints = default;
        Check(!linear.HasZeroPoints || PackedLayout.BlockSize(linear.Format) == 0, $"the zero points of '{name}'");
        if (linear.HasZeroPoints)
        {
            zeroPoints = _file.Map<sbyte>(ArtifactNames.ZeroPoints(name), "I8", padded);
        }

        return new()
        {
            Name = name,
            InputSize = inputs,
            OutputSize = outputs,
            Format = linear.Format,
            Weights = weights ?? MapWeights(ArtifactNames.Weight(name), linear.Format, outputs, inputs),
            Multipliers = NativeSpan<int>.Copy(multipliers),
            Shifts = NativeSpan<byte>.Copy(shifts),
            RowSums = NativeSpan<int>.Copy(table.Span.Slice(padded, padded)),
            Bias = linear.HasBias ? NativeSpan<int>.Copy(table.Span.Slice(2 * padded, padded)) : default,
            ZeroPoints = zeroPoints,
            OutputMinimum = linear.OutputMinimum,
            OutputMaximum = linear.OutputMaximum,
        };
    }

    private NativeSpan<byte> MapWeights(string name, WeightFormat format, int outputs, int inputs) =>
        _file.Map<byte>(
            name,
            "U8",
            (outputs + LinearProgram.TileRows - 1) / LinearProgram.TileRows,
            PackedLayout.TileBytes(format, inputs));

    private static long Padded(int size) => (size + LinearProgram.TileRows - 1) / LinearProgram.TileRows * LinearProgram.TileRows;

    private FixedPointFactor[] Checked(IReadOnlyList<FixedPointFactor> factors)
    {
        Check(factors.Count == _shape.KeyValueHeads, "the number of head factors");
        return [.. factors.Select(Checked)];
    }

    private FixedPointFactor Checked(FixedPointFactor factor)
    {
        Check(factor.Multiplier >= 0 && factor.Shift is >= 1 and <= 62, "a fixed-point factor");
        return factor;
    }

    private InputQuantizer Checked(ManifestInput? input)
    {
        if (input is null)
        {
            return default;
        }

        Checked(input.Factor);
        Check(input.WideBits is 0 or (>= 9 and <= 16), "the width of a linear layer's input");
        bool zeroIsGood = input.WideBits == 0 ? input.Scale.ZeroPoint is >= 0 and <= 255 : input.Scale.ZeroPoint == WideRowQuantizer.ZeroPoint;
        Check(zeroIsGood && input.Scale.Multiplier >= 0 && input.Scale.Exponent is >= -31 and <= 31, "a static quantizer");
        return new(new(input.Factor, input.Scale), input.WideBits);
    }

    private int[] CheckedZeroPoints(IReadOnlyList<int> zeroPoints)
    {
        Check(zeroPoints.Count == _shape.KeyValueHeads && zeroPoints.All(z => z is >= 0 and <= 255), "the zero points of the cache");
        return [.. zeroPoints];
    }

    private void Check(bool good, string what)
    {
        if (!good)
        {
            throw ArtifactFile.Damaged(_file.Path, what + " in the manifest is out of range");
        }
    }
}
