namespace MobileQuant.Artifacts;

/// <summary>Names of tensors and metadata keys in an artifact.</summary>
public static class ArtifactNames
{
    /// <summary>Metadata key of the manifest.</summary>
    public const string Manifest = "mobilequant.manifest";

    /// <summary>Metadata key of the manifest's SHA-256.</summary>
    public const string ManifestDigest = "mobilequant.manifest.sha256";

    /// <summary>Packed embedding codes.</summary>
    public const string Embedding = "embedding.weight";

    /// <summary>Channel words of the embedding rows.</summary>
    public const string EmbeddingChannels = "embedding.channels";

    /// <summary>Phase increments of the rotary pairs.</summary>
    public const string Rotary = "rotary.increments";

    /// <summary>Gains of the final norm.</summary>
    public const string FinalNorm = "final_norm.gains";

    /// <summary>Biases of the final norm.</summary>
    public const string FinalNormBiases = "final_norm.biases";

    /// <summary>The head.</summary>
    public const string Head = "head";

    /// <summary>The tokenizer's file.</summary>
    public const string Tokenizer = "tokenizer.json";

    /// <summary>The tokenizer's settings.</summary>
    public const string TokenizerConfig = "tokenizer_config.json";

    /// <summary>The chat template, where it is a file of its own.</summary>
    public const string ChatTemplate = "chat_template.jinja";

    /// <summary>Cache codes of the keys that sessions start behind.</summary>
    public const string PrefixKeys = "prefix.keys";

    /// <summary>Cache codes of the values that sessions start behind.</summary>
    public const string PrefixValues = "prefix.values";

    /// <summary>The linear layers of a decoder layer, in file order.</summary>
    public static IReadOnlyList<string> Linears { get; } = ["q", "k", "v", "o", "gate", "up", "down"];

    /// <summary>A linear layer of a decoder layer.</summary>
    /// <param name="layer">Layer index.</param>
    /// <param name="linear">One of <see cref="Linears"/>.</param>
    /// <returns>Such as <c>layers.3.mlp.down</c>.</returns>
    public static string Linear(int layer, string linear) =>
        $"layers.{layer}.{(linear is "gate" or "up" or "down" ? "mlp" : "attention")}.{linear}";

    /// <summary>Gains of the norm before attention.</summary>
    /// <param name="layer">Layer index.</param>
    /// <returns>The tensor's name.</returns>
    public static string AttentionNorm(int layer) => $"layers.{layer}.attention.norm.gains";

    /// <summary>Gains of the norm before the MLP.</summary>
    /// <param name="layer">Layer index.</param>
    /// <returns>The tensor's name.</returns>
    public static string FeedForwardNorm(int layer) => $"layers.{layer}.mlp.norm.gains";

    /// <summary>Biases of the norm before attention.</summary>
    /// <param name="layer">Layer index.</param>
    /// <returns>The tensor's name.</returns>
    public static string AttentionNormBiases(int layer) => $"layers.{layer}.attention.norm.biases";

    /// <summary>Biases of the norm before the MLP.</summary>
    /// <param name="layer">Layer index.</param>
    /// <returns>The tensor's name.</returns>
    public static string FeedForwardNormBiases(int layer) => $"layers.{layer}.mlp.norm.biases";

    /// <summary>Knots of the gate activation.</summary>
    /// <param name="layer">Layer index.</param>
    /// <returns>The tensor's name.</returns>
    public static string Activation(int layer) => $"layers.{layer}.mlp.activation";

    /// <summary>Packed codes of a linear layer.</summary>
    /// <param name="linear">The layer's name.</param>
    /// <returns>The tensor's name.</returns>
    public static string Weight(string linear) => linear + ".weight";

    /// <summary>Whether a tensor holds packed weights.</summary>
    /// <param name="tensor">A tensor's name.</param>
    /// <returns>True for the bulk of the file.</returns>
    public static bool IsWeight(string tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.EndsWith(".weight", StringComparison.Ordinal);
    }

    /// <summary>Channel table of a linear layer: words, row sums, and biases if any; each padded to 16 rows.</summary>
    /// <param name="linear">The layer's name.</param>
    /// <returns>The tensor's name.</returns>
    public static string Channels(string linear) => linear + ".channels";

    /// <summary>Weight zero points of a linear layer.</summary>
    /// <param name="linear">The layer's name.</param>
    /// <returns>The tensor's name.</returns>
    public static string ZeroPoints(string linear) => linear + ".zero_points";
}
