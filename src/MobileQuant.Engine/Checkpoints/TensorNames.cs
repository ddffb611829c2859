using System.Globalization;
using MobileQuant.Modeling;

namespace MobileQuant.Checkpoints;

/// <summary>How a container calls the tensors of a decoder. In the templates <c>{0}</c> is the layer.</summary>
public sealed record TensorNames
{
    /// <summary>The names of Hugging Face's Llama, which most families share.</summary>
    public static TensorNames HuggingFaceLlama { get; } = new()
    {
        Embedding = "model.embed_tokens",
        FinalNorm = "model.norm",
        Head = "lm_head",
        AttentionNorm = "model.layers.{0}.input_layernorm",
        MlpNorm = "model.layers.{0}.post_attention_layernorm",
        Linears = new Dictionary<LinearKind, string>
        {
            [LinearKind.Query] = "model.layers.{0}.self_attn.q_proj",
            [LinearKind.Key] = "model.layers.{0}.self_attn.k_proj",
            [LinearKind.Value] = "model.layers.{0}.self_attn.v_proj",
            [LinearKind.Output] = "model.layers.{0}.self_attn.o_proj",
            [LinearKind.Gate] = "model.layers.{0}.mlp.gate_proj",
            [LinearKind.Up] = "model.layers.{0}.mlp.up_proj",
            [LinearKind.Down] = "model.layers.{0}.mlp.down_proj",
        },
    };

    /// <summary>The embedding, without <c>.weight</c>.</summary>
    public required string Embedding { get; init; }

    /// <summary>The norm before the head.</summary>
    public required string FinalNorm { get; init; }

    /// <summary>The head; not read when it is tied.</summary>
    public required string Head { get; init; }

    /// <summary>Template of the norm before attention.</summary>
    public required string AttentionNorm { get; init; }

    /// <summary>Template of the norm before the MLP.</summary>
    public required string MlpNorm { get; init; }

    /// <summary>Templates of the linear layers.</summary>
    public required IReadOnlyDictionary<LinearKind, string> Linears { get; init; }

    /// <summary>The name of a weight.</summary>
    /// <param name="template">One of this record's names.</param>
    /// <param name="layer">The layer, where the name is a template.</param>
    /// <returns>The tensor's name.</returns>
    public static string Weight(string template, int layer = 0) => string.Format(CultureInfo.InvariantCulture, template, layer) + ".weight";

    /// <summary>The name of a bias.</summary>
    /// <param name="template">One of this record's names.</param>
    /// <param name="layer">The layer, where the name is a template.</param>
    /// <returns>The tensor's name.</returns>
    public static string Bias(string template, int layer = 0) => string.Format(CultureInfo.InvariantCulture, template, layer) + ".bias";
}
