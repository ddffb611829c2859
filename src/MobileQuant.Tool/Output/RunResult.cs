namespace MobileQuant.Tool.Output;

/// <summary>What <c>run --json</c> prints. <paramref name="StopReason"/>: endOfText, maxTokens or contextFull.</summary>
internal sealed record RunResult(
    string Model,
    string Text,
    int PromptTokens,
    int NewTokens,
    string StopReason,
    double PrefillTokensPerSecond,
    double DecodeTokensPerSecond,
    double LoadSeconds,
    string KernelPath,
    int Threads);
