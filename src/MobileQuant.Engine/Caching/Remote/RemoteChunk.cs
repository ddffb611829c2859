namespace MobileQuant.Caching.Remote;

/// <summary>A part of an artifact as it lies in the remote cache.</summary>
/// <param name="Sha256">Digest of the value, and its name.</param>
/// <param name="StoredBytes">Size of the value.</param>
/// <param name="Bytes">Size of the part of the artifact.</param>
/// <param name="Encoding">See <see cref="ChunkCodec"/>.</param>
internal sealed record RemoteChunk(string Sha256, int StoredBytes, int Bytes, string Encoding);
