namespace MobileQuant.Lowering;

/// <summary>What an artifact carries besides the program.</summary>
/// <param name="ToolVersion">Version of the tool.</param>
/// <param name="Fingerprint">Content key, 64 hex digits, or empty.</param>
/// <param name="Tokenizer">tokenizer.json, or null.</param>
/// <param name="TokenizerConfig">tokenizer_config.json, or null.</param>
public sealed record ArtifactOrigin(
    string ToolVersion,
    string Fingerprint,
    ReadOnlyMemory<byte>? Tokenizer,
    ReadOnlyMemory<byte>? TokenizerConfig);
