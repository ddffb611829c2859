namespace MobileQuant.Tool.Output;

/// <summary>What <c>pack --json</c> prints.</summary>
internal sealed record PackResult(string Package, string Id, string Version, string Kind, long Bytes, string Sha256);

/// <summary>What <c>push --json</c> prints.</summary>
internal sealed record PushResult(string Id, string Version, string Source);

/// <summary>What <c>restore --json</c> prints: the artifact, GGUF file or checkpoint folder, and where it was fetched from; null: it was there.</summary>
internal sealed record RestoreResult(string Id, string Version, string Kind, string Path, string? Source);
