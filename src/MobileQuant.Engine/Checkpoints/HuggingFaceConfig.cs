using MobileQuant.Modeling;

namespace MobileQuant.Checkpoints;

/// <summary>Turns a Hugging Face config.json, of the newer or the classic form, into a <see cref="DecoderArchitecture"/>.</summary>
internal static class HuggingFaceConfig
{
    private const int Large = 1 << 24;

    /// <summary>Reads the file.</summary>
    /// <exception cref="MobileQuantException">MQ2001, MQ2002; MQ2003: another family; MQ2004: a feature that is not supported.</exception>
    public static DecoderArchitecture Read(string path)
    {
        ConfigReader config = ConfigReader.Open(path);
        string family = config.Text("model_type") ?? throw config.Error("MQ2003", "'model_type' is missing, so the architecture is unknown.");
        return family switch
        {
            "llama" => ReadDecoder(config, family, ReadBiases(config)),
            "mistral" => ReadMistral(config),
            "qwen2" => ReadQwen2(config),
            _ => throw config.Error("MQ2003", $"the architecture '{family}' is not supported.", "This version supports: llama, mistral, qwen2."),
        };
    }

    private static DecoderArchitecture ReadMistral(ConfigReader config)
    {
        // The format's own default is a window of 4096; null means none.
        int window = config.Has("sliding_window") ? config.Integer("sliding_window", 1, int.MaxValue) : config.IsNull("sliding_window") ? int.MaxValue : 4096;
        return RefuseWindow(config, window, ReadDecoder(config, "mistral", []));
    }

    private static DecoderArchitecture ReadQwen2(ConfigReader config)
    {
        int window = config.Flag("use_sliding_window", fallback: false) ? config.Integer("sliding_window", 1, int.MaxValue, fallback: 4096) : int.MaxValue;
        return RefuseWindow(config, window, ReadDecoder(config, "qwen2", [LinearKind.Query, LinearKind.Key, LinearKind.Value]));
    }

    private static DecoderArchitecture RefuseWindow(ConfigReader config, int window, DecoderArchitecture architecture) =>
        window >= architecture.ContextLength
            ? architecture
            : throw config.Error("MQ2004", $"attention looks at the last {window} positions only, and the context has {architecture.ContextLength}.", "Use a model whose attention sees its whole context.");

    private static DecoderArchitecture ReadDecoder(ConfigReader config, string family, IReadOnlyList<LinearKind> biased)
    {
        int hidden = config.Integer("hidden_size", 1, Large);
        int heads = config.Integer("num_attention_heads", 1, Large);

        // What a missing value means differs between families; only Llama's default is the number of heads.
        int? defaultKeyValueHeads = family == "llama" || config.IsNull("num_key_value_heads") ? heads : null;
        int keyValueHeads = config.Integer("num_key_value_heads", 1, Large, fallback: defaultKeyValueHeads);
        if (heads % keyValueHeads != 0)
        {
            throw config.Error("MQ2002", $"'num_key_value_heads', {keyValueHeads}, does not divide 'num_attention_heads', {heads}.");
        }

        if (!config.Has("head_dim") && hidden % heads != 0)
        {
            throw config.Error("MQ2002", $"'num_attention_heads', {heads}, does not divide 'hidden_size', {hidden}, and there is no 'head_dim'.");
        }

        int headSize = config.Integer("head_dim", 1, Large, fallback: hidden / heads);
        if (headSize % 2 != 0)
        {
            throw config.Error("MQ2004", $"the head size is {headSize}; rotary embedding needs an even one.");
        }

        int vocabulary = config.Integer("vocab_size", 1, Large);
        int context = config.Integer("max_position_embeddings", 1, int.MaxValue, fallback: family == "llama" ? 2048 : null);
        return new()
        {
            Family = family,
            LayerCount = config.Integer("num_hidden_layers", 1, 10_000),
            HiddenSize = hidden,
            HeadCount = heads,
            KeyValueHeadCount = keyValueHeads,
            HeadSize = headSize,
            FeedForwardSize = config.Integer("intermediate_size", 1, Large),
            VocabularySize = vocabulary,
            ContextLength = context,
            Norm = NormKind.Rms,
            NormEpsilon = config.Number("rms_norm_eps", 0, 1, fallback: 1e-6),
            Activation = ReadActivation(config),
            GatedMlp = true,
            Rotary = ReadRotary(config, context),
            Biased = biased,
            TiedEmbeddings = config.Flag("tie_word_embeddings", fallback: false),
            BeginToken = config.Integers("bos_token_id", 0, vocabulary - 1) is [int begin, ..] ? begin : null,
            EndTokens = config.Integers("eos_token_id", 0, vocabulary - 1),
        };
    }

    private static ActivationKind ReadActivation(ConfigReader config) => (config.Text("hidden_act") ?? "silu") switch
    {
        "silu" or "swish" => ActivationKind.Silu,
        "gelu_pytorch_tanh" or "gelu_new" or "gelu_fast" => ActivationKind.GeluTanh,
        "gelu" => ActivationKind.GeluErf,
        string other => throw config.Error("MQ2004", $"the activation '{other}' is not supported.", "Supported: silu, gelu_pytorch_tanh, gelu."),
    };

    private static List<LinearKind> ReadBiases(ConfigReader config)
    {
        List<LinearKind> biased = [];
        if (config.Flag("attention_bias", fallback: false))
        {
            biased.AddRange([LinearKind.Query, LinearKind.Key, LinearKind.Value, LinearKind.Output]);
        }

        if (config.Flag("mlp_bias", fallback: false))
        {
            biased.AddRange([LinearKind.Gate, LinearKind.Up, LinearKind.Down]);
        }

        return biased;
    }

    // Newer: rope_parameters { rope_theta, rope_type, ... }. Classic: rope_theta beside rope_scaling { type or rope_type, ... } or null.
    private static RotarySettings ReadRotary(ConfigReader config, int context)
    {
        ConfigReader? scaling = config.Object("rope_parameters") ?? config.Object("rope_scaling");
        ConfigReader withBase = scaling is not null && scaling.Has("rope_theta") ? scaling : config;
        RotarySettings plain = new()
        {
            Base = withBase.Number("rope_theta", 1e-3, 1e15, fallback: 10_000),
            Fraction = (scaling is not null && scaling.Has("partial_rotary_factor") ? scaling : config).Number("partial_rotary_factor", 1e-3, 1, fallback: 1),
        };

        string type = scaling?.Text("rope_type") ?? scaling?.Text("type") ?? "default";
        switch (type)
        {
            case "default":
                return plain;
            case "linear":
                return plain with { Scaling = RotaryScalingKind.Linear, Factor = scaling!.Number("factor", 1, 1e6) };
            case "llama3":
                RotarySettings stretched = plain with
                {
                    Scaling = RotaryScalingKind.Llama3,
                    Factor = scaling!.Number("factor", 1, 1e6),
                    LowFrequencyFactor = scaling.Number("low_freq_factor", 1e-6, 1e6),
                    HighFrequencyFactor = scaling.Number("high_freq_factor", 1e-6, 1e6),
                    OriginalContextLength = scaling.Integer("original_max_position_embeddings", 1, int.MaxValue, fallback: context),
                };
                return stretched.HighFrequencyFactor > stretched.LowFrequencyFactor
                    ? stretched
                    : throw config.Error("MQ2002", "'high_freq_factor' must be larger than 'low_freq_factor'.");
            default:
                throw config.Error("MQ2004", $"the rotary scaling '{type}' is not supported.", "Supported: default, linear, llama3.");
        }
    }
}
