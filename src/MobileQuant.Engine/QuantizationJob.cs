using System.Diagnostics;
using MobileQuant.Caching;

namespace MobileQuant;

/// <summary>
/// Request in, artifact out: the one door for the tool and the build. Serves from the content store when the same request was
/// done before; otherwise quantizes once per key across all processes, says why, and stores the result.
/// </summary>
public sealed class QuantizationJob
{
    private readonly IArtifactProducer _producer;

    internal QuantizationJob(IArtifactProducer producer) => _producer = producer;

    /// <summary>Runs a quantization.</summary>
    /// <param name="request">What to make, of what, where.</param>
    /// <param name="progress">Told about steps, facts and warnings, from the working thread; may be null.</param>
    /// <param name="cancellationToken">Stops the work; nothing is left behind.</param>
    /// <returns>What was made.</returns>
    /// <exception cref="MobileQuantException">The request, the checkpoint or the disk is at fault; nothing is left behind.</exception>
    /// <exception cref="OperationCanceledException">The job was cancelled; nothing is left behind.</exception>
    public static Task<QuantizationResult> RunAsync(QuantizationRequest request, IProgress<QuantizationEvent>? progress = null, CancellationToken cancellationToken = default) =>
        new QuantizationJob(new CheckpointProducer()).ExecuteAsync(request, progress, cancellationToken);

    internal Task<QuantizationResult> ExecuteAsync(QuantizationRequest request, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Task.Run(() => Execute(request, progress, cancellationToken), cancellationToken);
    }

    private static ContentStore? OpenStore(QuantizationRequest request, IProgress<QuantizationEvent>? progress)
    {
        if (!request.UseCache)
        {
            return null;
        }

        try
        {
            return ContentStore.Open(request.CacheDirectory);
        }
        catch (MobileQuantException e) when (e.Code == "MQ4003")
        {
            // A store that cannot be used must not stop a build.
            progress?.Report(new QuantizationEvent.Warning(e.Code, $"{e.Message} Going on without it."));
            return null;
        }
    }

    private static string Explain(ContentStore store, QuantizationRequest request, Fingerprint fingerprint, bool damaged) =>
        request.Force ? "asked to quantize again"
        : damaged ? "the stored result was damaged"
        : MissExplanation.Explain(fingerprint, request.CheckpointPath, store.List());

    private static long PeakMemory()
    {
        using Process process = Process.GetCurrentProcess();
        return Math.Max(process.PeakWorkingSet64, process.WorkingSet64);
    }

    private QuantizationResult Execute(QuantizationRequest request, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        Stopwatch clock = Stopwatch.StartNew();
        QuantizationRequest normal = RequestNormalizer.Normalize(request);
        ContentStore? store = OpenStore(normal, progress);
        Fingerprint fingerprint = RequestFingerprint.Compute(normal, store?.Digests ?? new FileDigests(null), progress, cancellationToken);
        DiskErrors.RequireWritable(normal.OutputPath);
        string? reason = store is null
            ? ProduceDirectly(normal, fingerprint, progress, cancellationToken)
            : ServeOrProduce(store, normal, fingerprint, progress, cancellationToken);
        return new(normal.OutputPath, new FileInfo(normal.OutputPath).Length, clock.Elapsed, PeakMemory(), reason is null, fingerprint.Key, reason);
    }

    /// <summary>Returns why the store had nothing, or null when it served.</summary>
    private string? ServeOrProduce(ContentStore store, QuantizationRequest request, Fingerprint fingerprint, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        bool known = store.Contains(fingerprint.Key);
        bool Served() => !request.Force && store.TryMaterialize(fingerprint.Key, request.OutputPath, progress, cancellationToken) is not null;

        if (Served())
        {
            return null;
        }

        using StoreLock held = store.Lock(fingerprint.Key, Path.GetFileName(request.OutputPath), progress, cancellationToken);

        // Whoever held the lock may have made it meanwhile.
        if (Served())
        {
            return null;
        }

        string reason = Explain(store, request, fingerprint, damaged: known);
        progress?.Report(new QuantizationEvent.Message($"quantizing {Path.GetFileName(request.CheckpointPath)}: {reason}"));
        Store(store, request, fingerprint, progress, cancellationToken);
        return store.TryMaterialize(fingerprint.Key, request.OutputPath, progress, cancellationToken) is not null
            ? reason
            : throw new MobileQuantException("MQ4005", $"The artifact was made and then lost: the store at {store.Location} did not keep it intact.", "Check the disk (`mobilequant cache verify`), or work without the store (--no-cache).");
    }

    private void Store(ContentStore store, QuantizationRequest request, Fingerprint fingerprint, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        try
        {
            Stopwatch clock = Stopwatch.StartNew();
            using TemporaryPath staging = store.CreateStaging();
            string artifact = Path.Combine(staging.Path, ContentStore.ArtifactName);
            string digest = Produce(request, fingerprint, artifact, progress, cancellationToken);
            store.Add(staging, new StoreEntry
            {
                Key = fingerprint.Key,
                Source = request.CheckpointPath,
                Bytes = new FileInfo(artifact).Length,
                Sha256 = digest,
                Created = DateTimeOffset.UtcNow,
                Seconds = Math.Round(clock.Elapsed.TotalSeconds, 1),
                Fingerprint = fingerprint.Entries,
            });
        }
        catch (IOException e) when (DiskErrors.IsDiskFull(e))
        {
            throw DiskErrors.Full(e, store.Location);
        }
    }

    private string ProduceDirectly(QuantizationRequest request, Fingerprint fingerprint, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        try
        {
            using TemporaryPath temporary = TemporaryPath.Beside(request.OutputPath);
            Produce(request, fingerprint, temporary.Path, progress, cancellationToken);
            File.Move(temporary.Path, request.OutputPath, overwrite: true);
            return "the store is not used";
        }
        catch (IOException e) when (DiskErrors.IsDiskFull(e))
        {
            throw DiskErrors.Full(e, request.OutputPath);
        }
    }

    /// <summary>Writes the artifact down to the disk and returns its digest.</summary>
    private string Produce(QuantizationRequest request, Fingerprint fingerprint, string path, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        _producer.Produce(request, fingerprint, path, progress, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        using FileStream written = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        written.Flush(flushToDisk: true);
        return FileDigests.Hash(written, null, null, cancellationToken);
    }
}
