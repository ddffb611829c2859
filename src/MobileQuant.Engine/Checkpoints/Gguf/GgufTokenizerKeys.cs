namespace MobileQuant.Checkpoints.Gguf;

/// <summary>Names of the metadata that describe the tokenizer.</summary>
internal static class GgufTokenizerKeys
{
    public const string Model = "tokenizer.ggml.model";
    public const string Splitter = "tokenizer.ggml.pre";
    public const string Tokens = "tokenizer.ggml.tokens";
    public const string Types = "tokenizer.ggml.token_type";
    public const string Scores = "tokenizer.ggml.scores";
    public const string Merges = "tokenizer.ggml.merges";
    public const string BeginId = "tokenizer.ggml.bos_token_id";
    public const string EndId = "tokenizer.ggml.eos_token_id";
    public const string UnknownId = "tokenizer.ggml.unknown_token_id";
    public const string AddsBegin = "tokenizer.ggml.add_bos_token";
    public const string AddsEnd = "tokenizer.ggml.add_eos_token";
    public const string AddsSpace = "tokenizer.ggml.add_space_prefix";
    public const string ChatTemplate = "tokenizer.chat_template";
}
