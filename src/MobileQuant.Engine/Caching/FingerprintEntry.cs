namespace MobileQuant.Caching;

/// <summary>One thing that decides what a quantization produces.</summary>
/// <param name="Name">Stable name, for example <c>precision</c> or <c>checkpoint/config.json</c>.</param>
/// <param name="Sha256">Digest of the value, 64 lower-case hex digits: all that enters the key.</param>
/// <param name="Text">The value for people: a setting's value, or a file's name and size.</param>
public sealed record FingerprintEntry(string Name, string Sha256, string Text);
