namespace MobileQuant.Caching;

/// <summary>A remembered digest, valid while size and time of the file are the same.</summary>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Modified">Last write time in 100 ns ticks, UTC.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
internal sealed record FileDigest(long Bytes, long Modified, string Sha256);
