namespace MobileQuant.Hardening;

/// <summary>What hardening wrote.</summary>
/// <param name="OutputPath">The folder, absolute.</param>
/// <param name="Bytes">Bytes of its weights.</param>
/// <param name="Pairs">Number of pairs of producer and consumers.</param>
/// <param name="LoudChannels">Channels that were made loud, over all pairs.</param>
public sealed record HardeningResult(string OutputPath, long Bytes, int Pairs, int LoudChannels);
