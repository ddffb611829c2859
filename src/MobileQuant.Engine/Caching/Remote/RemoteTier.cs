using System.Security.Cryptography;
using MobileQuant.Evaluation.Quality;

namespace MobileQuant.Caching.Remote;

/// <summary>
/// The cache that machines share, behind the store of this one. Nothing that goes wrong there fails a job: it is told once, and
/// the remote cache is not asked again by this job.
/// </summary>
internal sealed class RemoteTier : IDisposable
{
    private readonly IRemoteStore _store;
    private readonly bool _ownsStore;
    private readonly bool _isReadOnly;
    private readonly RemoteTimings _timings;
    private readonly RemoteGuard _guard;
    private readonly RemoteArtifacts _artifacts;
    private readonly IProgress<QuantizationEvent>? _progress;
    private byte[]? _rejected;

    private RemoteTier(IRemoteStore store, bool ownsStore, bool isReadOnly, RemoteTimings timings, IProgress<QuantizationEvent>? progress)
    {
        _store = store;
        _ownsStore = ownsStore;
        _isReadOnly = isReadOnly;
        _timings = timings;
        _guard = new(store, timings.Operation);
        _artifacts = new(_guard);
        _progress = progress;
    }

    /// <summary>What people are told.</summary>
    public string Name => _store.Name;

    /// <summary>Whether it failed, and is not asked any more.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Opens the remote cache of a request, without asking it anything.</summary>
    /// <param name="request">Names it, or leaves it to the environment.</param>
    /// <param name="timings">How long to wait for what; null: as usual.</param>
    /// <param name="progress">Told what goes wrong; may be null.</param>
    /// <returns>The tier, or null where there is none or it is not to be asked.</returns>
    /// <exception cref="MobileQuantException">MQ1003, MQ4012, MQ4013: the settings make no sense.</exception>
    public static RemoteTier? Open(QuantizationRequest request, RemoteTimings? timings, IProgress<QuantizationEvent>? progress)
    {
        timings ??= new() { Operation = RemoteLocation.ResolveTimeout(Environment.GetEnvironmentVariable, new RemoteTimings().Operation) };
        IRemoteStore? store = request.RemoteStore ?? RemoteLocation.Open(request.RemoteCache, Environment.GetEnvironmentVariable, timings.Operation);
        if (store is null)
        {
            return null;
        }

        RemoteTier tier = new(store, ownsStore: request.RemoteStore is null, request.RemoteCacheReadOnly, timings, progress);
        if (!request.Offline || !store.UsesNetwork)
        {
            return tier;
        }

        progress?.Report(new QuantizationEvent.Message($"offline: the remote cache at {store.Name} is not asked"));
        tier.Dispose();
        return null;
    }

    /// <summary>Brings an artifact into the store; where another machine makes it, waits and says so.</summary>
    /// <param name="local">The store, whose lock of the key is held.</param>
    /// <param name="request">From <see cref="RequestNormalizer"/>.</param>
    /// <param name="fingerprint">What is wanted.</param>
    /// <param name="lease">Where it is to be made here: what makes others wait, if there is such a thing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether the store has it now.</returns>
    public bool TryFetch(ContentStore local, QuantizationRequest request, Fingerprint fingerprint, out RemoteLease? lease, CancellationToken cancellationToken)
    {
        lease = null;
        RemoteLeases leases = new(_guard, _timings, fingerprint.Key);
        bool told = false;
        try
        {
            while (!TryDownload(local, request, fingerprint, cancellationToken))
            {
                LeaseAttempt attempt = leases.Try(take: !_isReadOnly && !request.RequireCached, cancellationToken);
                if (attempt.Lease is { } taken)
                {
                    lease = taken;

                    // Its former owner may have published between the two looks.
                    if (!TryDownload(local, request, fingerprint, cancellationToken))
                    {
                        return false;
                    }

                    lease = null;
                    taken.Dispose();
                    return true;
                }

                if (attempt.Holder is null)
                {
                    return false;
                }

                if (!told)
                {
                    told = true;
                    string text = $"waiting for another machine that makes {Path.GetFileName(request.OutputPath)} ({attempt.Holder})";
                    _progress?.Report(new QuantizationEvent.Message(text));
                    _progress?.Report(new QuantizationEvent.Progress("wait", text, 0, 0));
                }

                cancellationToken.WaitHandle.WaitOne(_timings.Poll);
                cancellationToken.ThrowIfCancellationRequested();
            }

            return true;
        }
        catch (RemoteUnavailableException e)
        {
            Fail(e);
        }
        catch (RemoteValueException e)
        {
            Reject(e);
        }
        catch
        {
            lease?.Dispose();
            lease = null;
            throw;
        }

        return false;
    }

    /// <summary>Publishes an entry of the store, unless that is not to be done.</summary>
    public void Publish(ContentStore local, string key, CancellationToken cancellationToken)
    {
        if (_isReadOnly || HasFailed || local.Find(key) is not { } entry)
        {
            return;
        }

        try
        {
            _artifacts.Publish(local, entry, done => Report("publish", "writing to the remote cache", done, entry.Bytes), cancellationToken);
        }
        catch (RemoteUnavailableException e)
        {
            Fail(e);
        }
        catch (Exception e) when (e is RemoteValueException or IOException or UnauthorizedAccessException)
        {
            // The store lost or damaged it meanwhile, which serving will tell.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ownsStore)
        {
            (_store as IDisposable)?.Dispose();
        }
    }

    private bool TryDownload(ContentStore local, QuantizationRequest request, Fingerprint fingerprint, CancellationToken cancellationToken)
    {
        byte[]? value;
        try
        {
            value = _artifacts.GetManifest(fingerprint.Key, cancellationToken);
        }
        catch (RemoteValueException e)
        {
            value = [];
            RejectOnce(e, value);
        }

        // What was rejected once is waited out: somebody who can will replace it.
        if (value is null || (_rejected is not null && _rejected.AsSpan().SequenceEqual(SHA256.HashData(value))))
        {
            return false;
        }

        try
        {
            Take(local, request, fingerprint, ManifestFormat.Decode(value, fingerprint.Key), cancellationToken);
            return true;
        }
        catch (RemoteValueException e)
        {
            RejectOnce(e, value);
            return false;
        }
    }

    private void Take(ContentStore local, QuantizationRequest request, Fingerprint fingerprint, RemoteManifest manifest, CancellationToken cancellationToken)
    {
        try
        {
            using TemporaryPath staging = local.CreateStaging();
            using (FileStream file = new(Path.Combine(staging.Path, ContentStore.ArtifactName), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                _artifacts.Download(manifest, file, done => Report("fetch", "reading from the remote cache", done, manifest.Entry.Bytes), cancellationToken);
                file.Flush(flushToDisk: true);
            }

            // The names are those of this machine; the digests were compared by the key.
            local.Add(staging, manifest.Entry with { Source = request.CheckpointPath, Fingerprint = fingerprint.Entries });
        }
        catch (IOException e) when (DiskErrors.IsDiskFull(e))
        {
            throw DiskErrors.Full(e, local.Location);
        }

        foreach ((string text, QualityMeasurement quality) in manifest.Quality)
        {
            local.Quality.Keep(fingerprint.Key, text, quality);
        }
    }

    private void RejectOnce(RemoteValueException e, byte[] value)
    {
        byte[] digest = SHA256.HashData(value);
        if (_rejected is null || !_rejected.AsSpan().SequenceEqual(digest))
        {
            _rejected = digest;
            Reject(e);
        }
    }

    private void Reject(RemoteValueException e) =>
        _progress?.Report(new QuantizationEvent.Warning("MQ4011", $"What the remote cache at {Name} has for this model was not used: {e.Message}."));

    private void Fail(RemoteUnavailableException e)
    {
        HasFailed = true;

        // One that is full still lets go of things, and others would wait for a lease that is not given back.
        if (e.InnerException is not IOException inner || !DiskErrors.IsDiskFull(inner))
        {
            _guard.Close();
        }

        _progress?.Report(new QuantizationEvent.Warning("MQ4010", $"The remote cache at {Name} cannot be used: {e.Message}. Going on without it."));
    }

    private void Report(string step, string text, long done, long total) => _progress?.Report(new QuantizationEvent.Progress(step, text, done, total));
}
