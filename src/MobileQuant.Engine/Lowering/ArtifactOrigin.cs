using MobileQuant.Artifacts;
using MobileQuant.Text;

namespace MobileQuant.Lowering;

/// <summary>What an artifact carries besides the program.</summary>
/// <param name="ToolVersion">Version of the tool.</param>
/// <param name="Fingerprint">Content key, 64 hex digits, or empty.</param>
/// <param name="Tokenizer">The tokenizer's files and the chat template, or null.</param>
/// <param name="Environment">What it was made with and on, or null to leave that out.</param>
public sealed record ArtifactOrigin(
    string ToolVersion,
    string Fingerprint,
    TokenizerFiles? Tokenizer,
    ManifestEnvironment? Environment = null);
