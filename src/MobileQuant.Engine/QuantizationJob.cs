using System.Diagnostics;
using MobileQuant.Caching;
using MobileQuant.Caching.Remote;
using MobileQuant.Evaluation.Quality;
using MobileQuant.Packages;

namespace MobileQuant;

/// <summary>
/// Request in, artifact out: the one door for the tool and the build. Serves from the content store when the same request was
/// done before, here or on a machine that shares its results; otherwise quantizes once per key, says why, and stores the result.
/// </summary>
public sealed class QuantizationJob
{
    private readonly IArtifactProducer _producer;
    private readonly IArtifactMeter _meter;
    private readonly RemoteTimings? _timings;

    internal QuantizationJob(IArtifactProducer producer, IArtifactMeter? meter = null, RemoteTimings? timings = null)
    {
        _producer = producer;
        _meter = meter ?? new RuntimeMeter();
        _timings = timings;
    }

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

        // A thread of its own: it computes and waits for hours, and what it waits for needs those of the pool.
        return Task.Factory.StartNew(() => Execute(request, progress, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
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

    /// <summary>Judges known figures. A former copy of an artifact that fails does not stay as the output.</summary>
    private static void Require(QualityCheck check, string sha256, string outputPath, CancellationToken cancellationToken)
    {
        if (check.Judge() is not { } failure)
        {
            return;
        }

        try
        {
            if (File.Exists(outputPath) && FileDigests.Hash(outputPath, null, cancellationToken) == sha256)
            {
                File.Delete(outputPath);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // In use: the failure itself matters more.
        }

        throw failure;
    }

    private QuantizationResult Execute(QuantizationRequest request, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        Stopwatch clock = Stopwatch.StartNew();
        QuantizationRequest normal = RequestNormalizer.Normalize(request);
        ContentStore? store = OpenStore(normal, progress);
        FileDigests digests = store?.Digests ?? new FileDigests(null);
        if (PackagedModels.TryRestore(normal, digests, progress, cancellationToken) is { } package)
        {
            if (package.Descriptor.Kind == PackageKind.Model)
            {
                string sha256 = PackagedModels.Copy(package, normal, progress, cancellationToken);
                return new(normal.OutputPath, new FileInfo(normal.OutputPath).Length, clock.Elapsed, PeakMemory(), true, sha256, null) { From = ArtifactSource.Package };
            }

            normal = normal with { CheckpointPath = package.ModelPath };
        }

        Fingerprint fingerprint = RequestFingerprint.Compute(normal, digests, progress, cancellationToken);
        progress?.Report(new QuantizationEvent.Fingerprinted(fingerprint));
        QualityCheck? check = QualityCheck.For(normal, _meter, digests, cancellationToken);
        using RemoteTier? remote = RemoteTier.Open(normal, _timings, progress);
        DiskErrors.RequireWritable(normal.OutputPath);
        JobOutcome outcome;
        try
        {
            outcome = store is null
                ? new(null, ProduceDirectly(normal, fingerprint, check, progress, cancellationToken))
                : ServeOrProduce(store, remote, normal, fingerprint, check, progress, cancellationToken);
        }
        catch (IOException e) when (store is not null && DiskErrors.IsDiskFull(e))
        {
            // What writes a lot says itself where; a full disk shows in small things too, such as a lock.
            throw DiskErrors.Full(e, store.Location);
        }

        if (check?.Found is { } quality)
        {
            progress?.Report(new QuantizationEvent.Message(QualityGate.Summarize(normal, quality)));
        }

        return new(normal.OutputPath, new FileInfo(normal.OutputPath).Length, clock.Elapsed, PeakMemory(), outcome.From is not null, fingerprint.Key, outcome.Reason)
        {
            From = outcome.From,
            Quality = check?.Found,
            CheckpointPath = normal.CheckpointPath,
        };
    }

    private JobOutcome ServeOrProduce(
        ContentStore store, RemoteTier? remote, QuantizationRequest request, Fingerprint fingerprint, QualityCheck? check, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        string key = fingerprint.Key;
        bool known = store.Contains(key);

        // Known figures are judged before anything is copied.
        bool Serve()
        {
            if (check is not null)
            {
                if (!check.Recall(store, key))
                {
                    return false;
                }

                Require(check, check.Found!.ArtifactSha256, request.OutputPath, cancellationToken);
            }

            return store.TryMaterialize(key, request.OutputPath, progress, cancellationToken) is not null;
        }

        // On a copy: the entry itself may be evicted by another process meanwhile.
        bool Measure()
        {
            if (check is null)
            {
                return false;
            }

            using TemporaryPath copy = TemporaryPath.Beside(request.OutputPath);
            if (store.TryMaterialize(key, copy.Path, progress, cancellationToken) is not { } entry)
            {
                return false;
            }

            store.Quality.Keep(key, check.Text, check.Measure(copy.Path, entry.Sha256, progress, cancellationToken));
            return true;
        }

        JobOutcome Served(ArtifactSource from)
        {
            store.Counters.Count(from);
            return new(from, null);
        }

        if (!request.Force && Serve())
        {
            return Served(ArtifactSource.Store);
        }

        using StoreLock held = store.Lock(key, Path.GetFileName(request.OutputPath), progress, cancellationToken);

        // Whoever held the lock may have made or measured it meanwhile.
        if (!request.Force && (Serve() || (Measure() && Serve())))
        {
            return Served(ArtifactSource.Store);
        }

        RemoteLease? lease = null;
        if (!request.Force && remote?.TryFetch(store, request, fingerprint, out lease, cancellationToken) == true && (Serve() || (Measure() && Serve())))
        {
            return Served(ArtifactSource.Remote);
        }

        // Given back when all is published, or was not to be.
        using (lease)
        {
            string reason = Explain(store, request, fingerprint, damaged: known);
            store.Counters.Count(null);
            RequireMaking(request, store.Location, remote, reason);
            progress?.Report(new QuantizationEvent.Message($"quantizing {Path.GetFileName(request.CheckpointPath)}: {reason}"));
            check?.Prepare();
            Store(store, request, fingerprint, progress, cancellationToken);
            check?.Forget();

            // Before it is published, so that the figures go along.
            Measure();
            remote?.Publish(store, key, cancellationToken);
            return Serve()
                ? new(null, reason)
                : throw new MobileQuantException("MQ4005", $"The artifact was made and then lost: the store at {store.Location} did not keep it intact.", "Check the disk (`mobilequant cache verify`), or work without the store (--no-cache).");
        }
    }

    /// <summary>Refuses to make what had to come from a cache.</summary>
    private static void RequireMaking(QuantizationRequest request, string? store, RemoteTier? remote, string reason)
    {
        if (!request.RequireCached)
        {
            return;
        }

        string asked = store is null ? "no store can be used"
            : remote is null ? $"the store at {store} does not have it"
            : remote.HasFailed ? $"the store at {store} does not have it, and the remote cache at {remote.Name} could not be asked"
            : $"neither the store at {store} nor the remote cache at {remote.Name} has it";
        throw new MobileQuantException(
            "MQ4014",
            $"{Path.GetFileName(request.OutputPath)} must come from a cache, but {asked}: {reason}.",
            "Let a machine that may quantize build it first and publish it (--remote-cache), or leave --require-cached (MobileQuantRequireCached) out.");
    }

    private void Store(ContentStore store, QuantizationRequest request, Fingerprint fingerprint, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        try
        {
            Stopwatch clock = Stopwatch.StartNew();
            using TemporaryPath staging = store.CreateStaging();
            string artifact = Path.Combine(staging.Path, ContentStore.ArtifactName);
            string digest = Produce(request with { LearningStatePath = store.LearningStateOf(fingerprint.Key) }, fingerprint, artifact, progress, cancellationToken);
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

    private string ProduceDirectly(QuantizationRequest request, Fingerprint fingerprint, QualityCheck? check, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        try
        {
            RequireMaking(request, store: null, remote: null, "the store is not used");
            check?.Prepare();
            using TemporaryPath temporary = TemporaryPath.Beside(request.OutputPath);
            string digest = Produce(request, fingerprint, temporary.Path, progress, cancellationToken);
            if (check is not null)
            {
                check.Measure(temporary.Path, digest, progress, cancellationToken);
                Require(check, digest, request.OutputPath, cancellationToken);
            }

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
