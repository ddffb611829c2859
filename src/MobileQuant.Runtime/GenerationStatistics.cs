namespace MobileQuant;

/// <summary>What a session's last generation took.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="GeneratedTokens">New tokens.</param>
/// <param name="PrefillTime">Time to run the prompt.</param>
/// <param name="DecodeTime">Time to generate the new tokens, sampling and text included.</param>
/// <param name="StopReason">Why it ended.</param>
public sealed record GenerationStatistics(
    int PromptTokens,
    int GeneratedTokens,
    TimeSpan PrefillTime,
    TimeSpan DecodeTime,
    StopReason StopReason)
{
    /// <summary>Prompt tokens per second.</summary>
    public double PrefillTokensPerSecond => PrefillTime > TimeSpan.Zero ? PromptTokens / PrefillTime.TotalSeconds : 0;

    /// <summary>New tokens per second.</summary>
    public double DecodeTokensPerSecond => DecodeTime > TimeSpan.Zero ? GeneratedTokens / DecodeTime.TotalSeconds : 0;
}
