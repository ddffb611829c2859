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
            "stablelm" => ReadStableLm(config),
            "gemma" => ReadGemma(config),
            "gemma2" => throw Unsupported(config, "gemma2 has norms behind its branches, soft caps on scores and logits, and layers with a sliding window", "gemma"),
            "gemma3" or "gemma3_text" => throw Unsupported(config, $"{family} has norms behind its branches and on q and k, and layers with a sliding window", "gemma"),
            _ => throw config.Error("MQ2003", $"the architecture '{family}' is not supported.", "This version supports: llama, mistral, qwen2, stablelm, gemma."),
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

    private static DecoderArchitecture ReadStableLm(ConfigReader config)
    {
        if (config.Flag("use_parallel_residual", fallback: false))
        {
            throw Unsupported(config, "'use_parallel_residual' is true: attention and MLP read the same norm side by side", "stablelm");
        }

        if (config.Flag("qk_layernorm", fallback: false))
        {
            throw Unsupported(config, "'qk_layernorm' is true: q and k have norms of their own", "stablelm");
        }

        IReadOnlyList<LinearKind> biased = config.Flag("use_qkv_bias", fallback: false) ? [LinearKind.Query, LinearKind.Key, LinearKind.Value] : [];
        return ReadDecoder(config, "stablelm", biased) with
        {
            Norm = NormKind.Layer,
            NormEpsilon = config.Number("layer_norm_eps", 0, 1, fallback: 1e-5),
        };
    }

    private static DecoderArchitecture ReadGemma(ConfigReader config)
    {
        if (config.Flag("use_bidirectional_attention", fallback: false))
        {
            throw Unsupported(config, "'use_bidirectional_attention' is true: attention is not causal", "gemma");
        }

        DecoderArchitecture architecture = ReadDecoder(config, "gemma", ReadBiases(config));
        return architecture with
        {
            Norm = NormKind.RmsGainPlusOne,

            // The reference rounds the factor to the type that it computes in; for this decoder that is float32.
            EmbeddingScale = (float)Math.Sqrt(architecture.HiddenSize),
        };
    }

    // The first Gemma files say gelu where the tanh form was trained; the reference takes that unless hidden_activation says otherwise.
    private static ActivationKind ReadGemmaActivation(ConfigReader config) =>
        config.Has("hidden_activation") ? ReadActivation(config, "hidden_activation")
        : config.Text("hidden_act") is null or "gelu" ? ActivationKind.GeluTanh
        : ReadActivation(config, "hidden_act");

    private static MobileQuantException Unsupported(ConfigReader config, string what, string family) =>
        config.Error("MQ2004", what + ".", $"Use a {family} model without that; nothing is left out silently.");

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

        int? defaultHeadSize = family == "gemma" ? 256 : null;
        if (!config.Has("head_dim") && defaultHeadSize is null && hidden % heads != 0)
        {
            throw config.Error("MQ2002", $"'num_attention_heads', {heads}, does not divide 'hidden_size', {hidden}, and there is no 'head_dim'.");
        }

        int headSize = config.Integer("head_dim", 1, Large, fallback: defaultHeadSize ?? (hidden / heads));
        if (headSize % 2 != 0)
        {
            throw config.Error("MQ2004", $"the head size is {headSize}; rotary embedding needs an even one.");
        }

        int vocabulary = config.Integer("vocab_size", 1, Large);
        int context = config.Integer("max_position_embeddings", 1, int.MaxValue, fallback: family == "llama" ? 2048 : null);
        RotarySettings rotary = ReadRotary(config, context, defaultFraction: family == "stablelm" ? 0.25 : 1);
        if ((int)(headSize * rotary.Fraction) is int rotated && (rotated < 2 || rotated % 2 != 0))
        {
            throw config.Error("MQ2004", $"{rotated} of the {headSize} channels of a head are rotated; rotary embedding needs an even number of them.");
        }

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
            Activation = family == "gemma" ? ReadGemmaActivation(config) : ReadActivation(config, "hidden_act"),
            GatedMlp = true,
            Rotary = rotary,
            Biased = biased,
            TiedEmbeddings = config.Flag("tie_word_embeddings", fallback: family == "gemma"),
            BeginToken = config.Integers("bos_token_id", 0, vocabulary - 1) is [int begin, ..] ? begin : null,
            EndTokens = config.Integers("eos_token_id", 0, vocabulary - 1),
        };
    }

    private static ActivationKind ReadActivation(ConfigReader config, string name) => (config.Text(name) ?? "silu") switch
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
    private static RotarySettings ReadRotary(ConfigReader config, int context, double defaultFraction)
    {
        ConfigReader? scaling = config.Object("rope_parameters") ?? config.Object("rope_scaling");
        ConfigReader withBase = scaling is not null && scaling.Has("rope_theta") ? scaling : config;
        RotarySettings plain = new()
        {
            Base = withBase.Number("rope_theta", 1e-3, 1e15, fallback: 10_000),
            Fraction = (scaling is not null && scaling.Has("partial_rotary_factor") ? scaling : config).Number("partial_rotary_factor", 1e-3, 1, fallback: defaultFraction),
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
