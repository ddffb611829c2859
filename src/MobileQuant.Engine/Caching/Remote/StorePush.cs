namespace MobileQuant.Caching.Remote;

/// <summary>
/// Publishes what a store has and a remote cache lacks, because somebody asks for it. Unlike in a build, where it is a help that may be
/// missing, a remote cache that fails here is an error.
/// </summary>
/// <remarks>Takes no lease: whoever waits for one that makes an entry just now takes what appears, whoever published it.</remarks>
internal sealed class StorePush
{
    private readonly ContentStore _local;
    private readonly string _name;
    private readonly RemoteArtifacts _artifacts;
    private readonly IProgress<QuantizationEvent>? _progress;

    /// <param name="local">Has the entries.</param>
    /// <param name="remote">Is to have them.</param>
    /// <param name="timeout">For each answer.</param>
    /// <param name="progress">Told about bytes and damage; may be null.</param>
    public StorePush(ContentStore local, IRemoteStore remote, TimeSpan timeout, IProgress<QuantizationEvent>? progress)
    {
        _local = local;
        _name = remote.Name;
        _artifacts = new(new RemoteGuard(remote, timeout));
        _progress = progress;
    }

    /// <summary>Publishes entries.</summary>
    /// <param name="entries">Entries of the store.</param>
    /// <param name="verify">Whether artifacts that are there already are read and compared with their digests; without it their manifests are.</param>
    /// <param name="cancellationToken">Stops between parts; what was published whole stays.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="MobileQuantException">MQ4010: the remote cache failed; what was published whole stays.</exception>
    public StorePushResult Run(IReadOnlyList<StoreEntry> entries, bool verify, CancellationToken cancellationToken)
    {
        List<string> published = [];
        List<string> present = [];
        List<string> damaged = [];
        long bytes = 0;
        try
        {
            foreach (StoreEntry entry in entries)
            {
                if (IsThere(entry, verify, cancellationToken))
                {
                    present.Add(entry.Key);
                }
                else if (TryPublish(entry, cancellationToken) is not { } isWhole)
                {
                    continue;
                }
                else if (isWhole)
                {
                    published.Add(entry.Key);
                    bytes += entry.Bytes;
                }
                else
                {
                    damaged.Add(entry.Key);
                }
            }
        }
        catch (RemoteUnavailableException e)
        {
            throw new MobileQuantException(
                "MQ4010",
                $"The remote cache at {_name} cannot be used: {e.Message}. Of {entries.Count} entries, {published.Count} were published and {present.Count} were there.",
                "Check its address, the right to write there, and its free space; then run this again: what is there by then is not sent twice.",
                e);
        }

        return new(published, present, damaged, bytes);
    }

    private bool IsThere(StoreEntry entry, bool verify, CancellationToken cancellationToken)
    {
        try
        {
            if (_artifacts.GetManifest(entry.Key, cancellationToken) is not { } value)
            {
                return false;
            }

            RemoteManifest manifest = ManifestFormat.Decode(value, entry.Key);
            if (verify)
            {
                _artifacts.Download(manifest, Stream.Null, done => Report("fetch", $"checking {entry.Key[..12]}", done, manifest.Entry.Bytes), cancellationToken);
            }

            return true;
        }
        catch (RemoteValueException e)
        {
            _progress?.Report(new QuantizationEvent.Warning("MQ4011", $"What the remote cache at {_name} has for {entry.Key[..12]} is of no use and is replaced: {e.Message}."));
            return false;
        }
    }

    /// <summary>True: it is there now; false: it is damaged; null: it was deleted meanwhile.</summary>
    private bool? TryPublish(StoreEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            if (_local.Find(entry.Key) is not { } current)
            {
                return null;
            }

            // Before anything is sent: parts of a damaged artifact would stay there for nobody.
            if (_local.Check(current.Key, cancellationToken))
            {
                _artifacts.Publish(_local, current, done => Report("publish", $"publishing {current.Key[..12]}", done, current.Bytes), cancellationToken);
                return true;
            }
        }
        catch (RemoteValueException)
        {
            // Damaged between the two looks.
        }
        catch (IOException) when (!_local.Contains(entry.Key))
        {
            return null;
        }

        _progress?.Report(new QuantizationEvent.Warning("MQ4004", $"The stored artifact {entry.Key[..12]} does not match its digest; it is not published."));
        return false;
    }

    private void Report(string step, string text, long done, long total) => _progress?.Report(new QuantizationEvent.Progress(step, text, done, total));
}
