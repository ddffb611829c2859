namespace MobileQuant.Tool.Output;

/// <summary>What <c>bench --json</c> prints: medians of <paramref name="Repeats"/> runs.</summary>
/// <param name="Model">The artifact, or the shape.</param>
/// <param name="Precision">W8A8, W4A8, W4B64A8, W4B32A8.</param>
/// <param name="PromptTokens">Tokens run together.</param>
/// <param name="NewTokens">Tokens run one by one.</param>
/// <param name="Repeats">Runs.</param>
/// <param name="Threads">Threads used.</param>
/// <param name="KernelPath">Kernel used.</param>
/// <param name="PrefillTokensPerSecond">Of the prompt.</param>
/// <param name="DecodeTokensPerSecond">Of the new tokens.</param>
/// <param name="AllocatedBytesPerToken">Managed memory per new token, all threads.</param>
/// <param name="LoadSeconds">Mapping, checking, and making a session.</param>
/// <param name="ResidentBytes">Resident set afterwards.</param>
/// <param name="PeakMemoryBytes">Largest resident set.</param>
/// <param name="BytesPerToken">Weights and cache that one new token reads, on average.</param>
/// <param name="DecodeGBps">BytesPerToken times the rate.</param>
/// <param name="ReadBandwidthGBps">What this machine's memory gives to as many threads.</param>
/// <param name="BandwidthShare">DecodeGBps over ReadBandwidthGBps.</param>
internal sealed record BenchResult(
    string Model,
    string Precision,
    int PromptTokens,
    int NewTokens,
    int Repeats,
    int Threads,
    string KernelPath,
    double PrefillTokensPerSecond,
    double DecodeTokensPerSecond,
    double AllocatedBytesPerToken,
    double LoadSeconds,
    long ResidentBytes,
    long PeakMemoryBytes,
    long BytesPerToken,
    double DecodeGBps,
    double ReadBandwidthGBps,
    double BandwidthShare);
