namespace MobileQuant.Tool.Output;

/// <summary>What <c>quantize --json</c> prints.</summary>
internal sealed record QuantizeResult(string Output, long Bytes, double Seconds, long PeakMemoryBytes, string Cache, string Fingerprint, string? Reason);
