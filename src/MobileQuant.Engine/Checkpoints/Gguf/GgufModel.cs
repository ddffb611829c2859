using MobileQuant.Modeling;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>What a GGUF file says about its model: the decoder's values, and which tensors have to be reordered.</summary>
internal sealed class GgufModel
{
    private const string RotaryFactors = "rope_freqs.weight";
    private const string Embedding = "token_embd.weight";
    private const string Head = "output.weight";

    private readonly HashSet<string> _interleaved = new(StringComparer.Ordinal);

    private GgufModel(DecoderArchitecture architecture, bool interleaved)
    {
        Architecture = architecture;
        if (!interleaved)
        {
            return;
        }

        for (int layer = 0; layer < architecture.LayerCount; layer++)
        {
            foreach (string template in new[] { Names.Linears[LinearKind.Query], Names.Linears[LinearKind.Key] })
            {
                _interleaved.Add(TensorNames.Weight(template, layer));
                _interleaved.Add(TensorNames.Bias(template, layer));
            }
        }
    }

    /// <summary>How GGUF calls the tensors of a decoder.</summary>
    public static TensorNames Names { get; } = new()
    {
        Embedding = "token_embd",
        FinalNorm = "output_norm",
        Head = "output",
        AttentionNorm = "blk.{0}.attn_norm",
        MlpNorm = "blk.{0}.ffn_norm",
        Linears = new Dictionary<LinearKind, string>
        {
            [LinearKind.Query] = "blk.{0}.attn_q",
            [LinearKind.Key] = "blk.{0}.attn_k",
            [LinearKind.Value] = "blk.{0}.attn_v",
            [LinearKind.Output] = "blk.{0}.attn_output",
            [LinearKind.Gate] = "blk.{0}.ffn_gate",
            [LinearKind.Up] = "blk.{0}.ffn_up",
            [LinearKind.Down] = "blk.{0}.ffn_down",
        },
    };

    /// <summary>The decoder.</summary>
    public DecoderArchitecture Architecture { get; }

    /// <summary>Whether a tensor's rows are stored in the order of neighbouring rotary pairs.</summary>
    public bool IsInterleaved(string tensor) => _interleaved.Contains(tensor);

    /// <summary>Reads and checks the metadata.</summary>
    /// <exception cref="MobileQuantException">MQ2003 to MQ2005, MQ2024, MQ2026, MQ2027.</exception>
    public static GgufModel Read(GgufFile file)
    {
        GgufMetadata metadata = file.Metadata;
        if (!metadata.TryGetString("general.architecture", out string name))
        {
            throw new MobileQuantException("MQ2003", $"{file.Path}: 'general.architecture' is missing, so the architecture is unknown.", "Use a file that holds a language model.");
        }

        GgufFamily family = GgufFamily.Find(name) ?? throw new MobileQuantException(
            "MQ2003", $"{file.Path}: the architecture '{GgufCursor.Show(name)}' is not supported.", $"This version supports in GGUF files: {string.Join(", ", GgufFamily.All.Select(f => f.Name))}.");
        GgufKeys keys = new(metadata, family.Name);
        RefuseParts(file, keys);
        GgufFamily.RefuseFeatures(keys);
        if (family.Norm == NormKind.Layer && file.Find(TensorNames.Weight(Names.MlpNorm)) is null)
        {
            // The key of that name says "parallel" for models that are not, too: old converters' default.
            throw keys.Unsupported($"attention and MLP read the same norm side by side: there is no tensor '{TensorNames.Weight(Names.MlpNorm)}'");
        }

        DecoderArchitecture architecture = ReadShape(file, keys, family);
        RefuseUnknownTensors(file, architecture);
        return new(architecture, family.Interleaved);
    }

    private static void RefuseParts(GgufFile file, GgufKeys keys)
    {
        if (keys.Metadata.TryGetUInt32("split.count", out uint parts) && parts > 1)
        {
            throw new MobileQuantException("MQ2026", $"{file.Path}: this is one of {parts} parts of a model.", "Merge the parts into one file, with the program that split them.");
        }
    }

    private static DecoderArchitecture ReadShape(GgufFile file, GgufKeys keys, GgufFamily family)
    {
        int hidden = keys.Integer("embedding_length", 1, GgufKeys.Large);
        int heads = keys.Integer("attention.head_count", 1, GgufKeys.Large);
        int keyValueHeads = keys.Integer("attention.head_count_kv", 1, GgufKeys.Large, fallback: heads);
        if (heads % keyValueHeads != 0)
        {
            throw keys.Wrong("attention.head_count_kv", $"a divisor of the number of heads, {heads}", keyValueHeads);
        }

        if (!keys.Has("attention.key_length") && hidden % heads != 0)
        {
            throw keys.Wrong("attention.head_count", $"a divisor of the width, {hidden}, because there is no '{keys.Name("attention.key_length")}'", heads);
        }

        int headSize = keys.Integer("attention.key_length", 1, GgufKeys.Large, fallback: hidden / heads);
        if (headSize % 2 != 0)
        {
            throw keys.Unsupported($"the head size is {headSize}; rotary embedding needs an even one");
        }

        if (keys.Integer("attention.value_length", 1, GgufKeys.Large, fallback: headSize) is int valueSize && valueSize != headSize)
        {
            throw keys.Unsupported($"values have {valueSize} channels a head, and keys {headSize}; only equal ones are supported");
        }

        int vocabulary = ReadVocabulary(file, keys, hidden);
        int layers = keys.Integer("block_count", 1, 10_000);
        if (layers > file.Tensors.Count)
        {
            // Before anything is made for each layer that is only claimed.
            throw new MobileQuantException("MQ2005", $"{file.Path}: tensors are missing: there are {file.Tensors.Count} in the file, for {layers} layers.", "The file is incomplete; use another file of the model.");
        }

        return new()
        {
            Family = family.Name,
            LayerCount = layers,
            HiddenSize = hidden,
            HeadCount = heads,
            KeyValueHeadCount = keyValueHeads,
            HeadSize = headSize,
            FeedForwardSize = keys.Integer("feed_forward_length", 1, GgufKeys.Large),
            VocabularySize = vocabulary,
            ContextLength = keys.Integer("context_length", 1, int.MaxValue),
            Norm = family.Norm,
            NormEpsilon = keys.Number(family.EpsilonKey, 0, 1),
            Activation = family.Activation,
            GatedMlp = true,
            Rotary = ReadRotary(file, keys, headSize),
            Biased = [.. Names.Linears.Keys.Where(kind => file.Find(TensorNames.Bias(Names.Linears[kind])) is not null)],
            TiedEmbeddings = file.Find(Head) is null,
            EmbeddingScale = family.ScalesEmbedding ? MathF.Sqrt(hidden) : 1,
            BeginToken = keys.BeginToken(vocabulary),
            EndTokens = keys.EndTokens(vocabulary),
        };
    }

    // The embedding decides: what else speaks of the vocabulary must agree with it.
    private static int ReadVocabulary(GgufFile file, GgufKeys keys, int hidden)
    {
        GgufTensor embedding = file.Find(Embedding)
            ?? throw new MobileQuantException("MQ2005", $"{file.Path}: tensor '{Embedding}' is missing.", "Use a file that holds a whole language model.");
        if (embedding.Shape.Count != 2 || embedding.Shape[1] != hidden || embedding.Shape[0] > GgufKeys.Large)
        {
            throw new MobileQuantException(
                "MQ2006",
                $"{file.Path}: tensor '{Embedding}' has the shape [{string.Join(", ", embedding.Shape)}]; expected one row of {hidden} for each of at most {GgufKeys.Large} tokens.",
                "The file is damaged, or was converted by a broken program; use another file of the model.");
        }

        int rows = (int)embedding.Shape[0];
        if (keys.Has("vocab_size") && keys.Integer("vocab_size", 0, int.MaxValue) is int size && size != rows)
        {
            throw Disagree(file, $"'{keys.Name("vocab_size")}' is {size}", rows);
        }

        return keys.Metadata.ArrayLength("tokenizer.ggml.tokens") is long tokens && tokens > rows ? throw Disagree(file, $"the tokenizer has {tokens} tokens", rows) : rows;
    }

    private static MobileQuantException Disagree(GgufFile file, string what, int rows) =>
        new("MQ2027", $"{file.Path}: vocabulary and embedding disagree: {what}, and the embedding has {rows} rows.", "The file is damaged, or was converted by a broken program; use another file of the model.");

    private static RotarySettings ReadRotary(GgufFile file, GgufKeys keys, int headSize)
    {
        int rotated = keys.Integer("rope.dimension_count", 2, headSize, fallback: headSize);
        if (rotated % 2 != 0)
        {
            throw keys.Wrong("rope.dimension_count", "an even number", rotated);
        }

        RotarySettings plain = new()
        {
            Base = keys.Number("rope.freq_base", 1e-3, 1e15, fallback: 10_000),

            // Half a channel more, because the fraction is multiplied with the head size again and cut off.
            Fraction = rotated == headSize ? 1 : (rotated + 0.5) / headSize,
        };
        RotarySettings scaled = ReadScaling(keys, plain);
        return file.Find(RotaryFactors) is { } factors ? ReadFactors(file, keys, factors, scaled, rotated) : scaled;
    }

    private static RotarySettings ReadScaling(GgufKeys keys, RotarySettings plain)
    {
        double factor = keys.Number("rope.scaling.factor", 0, 1e6, fallback: keys.Number("rope.scale_linear", 0, 1e6, fallback: 0));
        string type = keys.Text("rope.scaling.type") ?? (factor is 0 or 1 ? "none" : "linear");
        if (keys.Number("rope.scaling.attn_factor", -1e6, 1e6, fallback: 1) != 1)
        {
            throw keys.Unsupported($"'{keys.Name("rope.scaling.attn_factor")}' is not 1");
        }

        return type switch
        {
            "none" => plain,
            "linear" when factor is 0 or 1 => plain,
            "linear" when factor > 1 => plain with { Scaling = RotaryScalingKind.Linear, Factor = factor },
            "linear" => throw keys.Wrong("rope.scaling.factor", "a number from 1 to 1000000", factor),
            _ => throw keys.Unsupported($"the rotary scaling '{GgufCursor.Show(type)}' is not supported (supported: none, linear, and factors in '{RotaryFactors}')"),
        };
    }

    // Llama 3.1 and later: one divisor for each frequency, computed by the converter.
    private static RotarySettings ReadFactors(GgufFile file, GgufKeys keys, GgufTensor tensor, RotarySettings scaled, int rotated)
    {
        if (scaled.Scaling != RotaryScalingKind.None)
        {
            throw keys.Unsupported($"there are both rotary factors ('{RotaryFactors}') and a rotary scaling");
        }

        if (tensor.ElementCount != rotated / 2)
        {
            throw new MobileQuantException(
                "MQ2006", $"{file.Path}: tensor '{RotaryFactors}' has {tensor.ElementCount} elements; expected {rotated / 2}, one for each rotated pair.", "Use another file of the model.");
        }

        float[] factors = new float[rotated / 2];
        file.Read(tensor, 0, factors);
        return Array.TrueForAll(factors, factor => factor is > 1e-6f and < 1e6f)
            ? scaled with { Scaling = RotaryScalingKind.Divisors, Divisors = Array.ConvertAll(factors, factor => (double)factor) }
            : throw new MobileQuantException("MQ2008", $"{file.Path}: tensor '{RotaryFactors}' has elements that are no factors: zero, negative, infinite or NaN.", "The file is damaged; use another file of the model.");
    }

    // A tensor that nobody reads would be a part of the model that is silently left out.
    private static void RefuseUnknownTensors(GgufFile file, DecoderArchitecture architecture)
    {
        HashSet<string> known = new(StringComparer.Ordinal) { Embedding, Head, RotaryFactors };
        AddNorm(Names.FinalNorm);
        for (int layer = 0; layer < architecture.LayerCount; layer++)
        {
            AddNorm(Names.AttentionNorm, layer);
            AddNorm(Names.MlpNorm, layer);
            foreach (LinearKind kind in architecture.Linears)
            {
                known.Add(TensorNames.Weight(Names.Linears[kind], layer));
                if (architecture.Biased.Contains(kind))
                {
                    known.Add(TensorNames.Bias(Names.Linears[kind], layer));
                }
            }

            // What it holds can be computed; old converters wrote it and no program reads it.
            known.Add($"blk.{layer}.attn_rot_embd");
        }

        if (file.Tensors.FirstOrDefault(tensor => !known.Contains(tensor.Name)) is { } unknown)
        {
            throw new MobileQuantException(
                "MQ2004",
                $"{file.Path}: the tensor '{GgufCursor.Show(unknown.Name)}' is no part of the architecture '{architecture.Family}' with {architecture.LayerCount} layers as this version knows it.",
                "Use another model of the family. Nothing is left out silently: a model that is accepted is computed exactly.");
        }

        void AddNorm(string template, int layer = 0)
        {
            known.Add(TensorNames.Weight(template, layer));
            if (architecture.Norm == NormKind.Layer)
            {
                known.Add(TensorNames.Bias(template, layer));
            }
        }
    }
}
