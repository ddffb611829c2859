using MobileQuant.Text;

namespace MobileQuant.Lowering;

/// <summary>What an artifact carries besides the program.</summary>
/// <param name="ToolVersion">Version of the tool.</param>
/// <param name="Fingerprint">Content key, 64 hex digits, or empty.</param>
/// <param name="Tokenizer">The tokenizer's files and the chat template, or null.</param>
public sealed record ArtifactOrigin(
    string ToolVersion,
    string Fingerprint,
    TokenizerFiles? Tokenizer);
