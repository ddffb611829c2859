namespace MobileQuant.Tool.Output;

/// <summary>What <c>harden --json</c> prints: where, how many bytes of weights, how it was asked for, and over how many pairs and channels.</summary>
internal sealed record HardenResult(
    string Output,
    long Bytes,
    int Seed,
    double Share,
    int MinimumFactor,
    int MaximumFactor,
    int Pairs,
    int LoudChannels,
    double Seconds);
