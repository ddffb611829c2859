namespace MobileQuant.Text;

/// <summary>The failures of reading a tokenizer, MQ2100 to MQ2104; each has a page in docs/errors.</summary>
internal static class TokenizerErrors
{
    public static MobileQuantException Missing(string file, Exception? cause = null) => new(
        "MQ2100",
        $"The tokenizer file '{file}' {(cause is null ? "does not exist" : "cannot be read: " + cause.Message)}.",
        "Keep tokenizer.json in the checkpoint folder; a fast tokenizer's save_pretrained writes it.",
        cause);

    public static MobileQuantException Malformed(string where, string problem, Exception? cause = null) => new(
        "MQ2101",
        $"{where}: {problem}.",
        "Save the tokenizer again, or download its files anew.",
        cause);

    public static MobileQuantException Unsupported(string where, string what) => new(
        "MQ2102",
        $"{where}: {what} is not supported.",
        "Supported are BPE tokenizers of the byte-level kind and of the kind with byte fallback; docs/design/tokenizers.md lists the parts.");

    public static MobileQuantException Inconsistent(string where, string problem) => new(
        "MQ2103",
        $"{where}: {problem}.",
        "The vocabulary, the merges and the special tokens must come from the same tokenizer.");

    public static MobileQuantException Pattern(string where, string problem, Exception? cause = null) => new(
        "MQ2104",
        $"{where}: {problem}.",
        "Rewrite the pattern in the subset that Oniguruma and .NET read alike.",
        cause);
}
