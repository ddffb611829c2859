using MobileQuant.Modeling;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>An architecture of GGUF files that this version computes exactly.</summary>
/// <param name="Name">As <c>general.architecture</c> spells it; the prefix of its keys.</param>
/// <param name="Interleaved">Whether rotary pairs are neighbours, so that rows of q and k are stored in another order.</param>
internal sealed record GgufFamily(string Name, bool Interleaved)
{
    // Keys that change what is computed, each with the value that means "not used".
    private static readonly (string Key, double Neutral)[] Features =
    [
        ("attn_logit_softcapping", 0), ("final_logit_softcapping", 0), ("logit_scale", 1), ("residual_scale", 1),
        ("embedding_scale", 1), ("attention.scale", 0), ("attention.clamp_kqv", 0), ("attention.max_alibi_bias", 0),
    ];

    /// <summary>All of them. In gemma files the converter has added the one to the gains already.</summary>
    public static IReadOnlyList<GgufFamily> All { get; } =
    [
        new("llama", Interleaved: true),
        new("qwen2", Interleaved: false),
        new("stablelm", Interleaved: false) { Norm = NormKind.Layer },
        new("gemma", Interleaved: false) { Activation = ActivationKind.GeluTanh, ScalesEmbedding = true },
    ];

    /// <summary>All norms of the model.</summary>
    public NormKind Norm { get; init; }

    /// <summary>The MLP's non-linearity.</summary>
    public ActivationKind Activation { get; init; }

    /// <summary>Whether embedding rows are multiplied with the square root of their length.</summary>
    public bool ScalesEmbedding { get; init; }

    /// <summary>The key of the norms' epsilon.</summary>
    public string EpsilonKey => Norm == NormKind.Layer ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon";

    /// <summary>The architecture of that name, or null.</summary>
    public static GgufFamily? Find(string name) => All.FirstOrDefault(family => family.Name == name);

    /// <summary>Refuses what the decoder does not compute.</summary>
    /// <exception cref="MobileQuantException">MQ2004.</exception>
    public static void RefuseFeatures(GgufKeys keys)
    {
        if (keys.Has("expert_count") && keys.Integer("expert_count", 0, int.MaxValue) > 0)
        {
            throw keys.Unsupported("this is a mixture of experts");
        }

        if (!keys.Flag("attention.causal", fallback: true))
        {
            throw keys.Unsupported("attention is not causal");
        }

        if (keys.Has("attention.sliding_window") && keys.Integer("attention.sliding_window", 0, int.MaxValue) is > 0 and int window
            && window < keys.Integer("context_length", 1, int.MaxValue))
        {
            throw keys.Unsupported($"attention looks at the last {window} positions only");
        }

        foreach ((string key, double neutral) in Features)
        {
            if (keys.Has(key) && keys.Number(key, -1e30, 1e30) is double value && value != neutral && value != 0)
            {
                throw keys.Unsupported(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"'{keys.Name(key)}' is {value}, which is not supported"));
            }
        }
    }
}
