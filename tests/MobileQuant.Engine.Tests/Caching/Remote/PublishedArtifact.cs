using System.Security.Cryptography;
using MobileQuant.Caching;
using MobileQuant.Caching.Remote;
using MobileQuant.Evaluation.Quality;

namespace MobileQuant.Tests.Caching.Remote;

/// <summary>An artifact in a remote store in memory, to be damaged.</summary>
internal sealed class PublishedArtifact
{
    public PublishedArtifact(byte[] bytes, string seed = "one")
    {
        Bytes = bytes;
        Fingerprint fingerprint = new([Fingerprint.Setting("precision", "W8A8"), Fingerprint.Setting("seed", seed)]);
        Entry = new()
        {
            Key = fingerprint.Key,
            Source = "model",
            Bytes = bytes.Length,
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)),
            Created = DateTimeOffset.UnixEpoch,
            Fingerprint = fingerprint.Entries,
        };
        Remote = new(new DistributedRemoteStore(Cache), TimeSpan.FromMinutes(1));
        using MemoryStream stream = new(bytes);
        new RemoteArtifacts(Remote).Upload(stream, Entry, new Dictionary<string, QualityMeasurement>(), _ => { }, default);
    }

    public byte[] Bytes { get; }

    public StoreEntry Entry { get; }

    public FakeDistributedCache Cache { get; } = new();

    public RemoteGuard Remote { get; }

    public string ManifestName => RemoteNames.Manifest(Entry.Key);

    public RemoteManifest Manifest => ManifestFormat.Decode(Cache.Values[ManifestName], Entry.Key);

    /// <summary>Fetches it, as another machine does.</summary>
    public byte[] Fetch(string? key = null)
    {
        key ??= Entry.Key;
        RemoteArtifacts artifacts = new(Remote);
        using MemoryStream target = new();
        artifacts.Download(ManifestFormat.Decode(artifacts.GetManifest(key, default)!, key), target, _ => { }, default);
        return target.ToArray();
    }

    /// <summary>Replaces the manifest by one that is whole, and says something else.</summary>
    public void Forge(Func<RemoteManifest, RemoteManifest> change) => Cache.Values[ManifestName] = ManifestFormat.Encode(change(Manifest));
}
