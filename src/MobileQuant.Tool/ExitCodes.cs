namespace MobileQuant.Tool;

/// <summary>What the process returns; documented in docs/cli.md.</summary>
internal static class ExitCodes
{
    public const int Good = 0;
    public const int Failure = 1;
    public const int Usage = 2;
    public const int QualityGate = 3;

    /// <summary>128 + SIGINT, as shells expect.</summary>
    public const int Cancelled = 130;

    /// <summary>Options and projects that make no sense are usage errors (MQ4012 and MQ4013 of the remote cache too), MQ3060 to MQ3069 the quality gate; all else is a failure.</summary>
    public static int For(MobileQuantException error) =>
        error.Code.StartsWith("MQ1", StringComparison.Ordinal) || error.Code is "MQ4012" or "MQ4013" ? Usage
        : error.Code.StartsWith("MQ306", StringComparison.Ordinal) ? QualityGate
        : Failure;
}
