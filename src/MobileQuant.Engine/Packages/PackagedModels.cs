using MobileQuant.Artifacts;
using MobileQuant.Caching;

namespace MobileQuant.Packages;

/// <summary>What a package stands for where a checkpoint is asked for.</summary>
internal static class PackagedModels
{
    /// <summary>Restores the package that a request names instead of a checkpoint.</summary>
    /// <param name="request">From <see cref="RequestNormalizer"/>.</param>
    /// <param name="digests">Remembers digests.</param>
    /// <param name="progress">Told about bytes; may be null.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The package, or null when the request names none.</returns>
    /// <exception cref="MobileQuantException">MQ4020 to MQ4022, MQ4025: it cannot be had; MQ1035: it carries an artifact, and limits need the float model too.</exception>
    public static RestoredPackage? TryRestore(QuantizationRequest request, FileDigests digests, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        if (!PackageName.IsPackage(request.CheckpointPath))
        {
            return null;
        }

        PackageName name = PackageName.Parse(request.CheckpointPath);
        RestoreOptions options = new() { BaseDirectory = request.BaseDirectory!, Offline = request.Offline };
        RestoredPackage package = PackageRestorer.RestoreAsync(name, options, digests, progress, cancellationToken).GetAwaiter().GetResult();
        return package.Descriptor.Kind == PackageKind.Checkpoint || (request.Limits.IsEmpty && request.EvaluationText is null)
            ? package
            : throw new MobileQuantException(
                "MQ1035",
                $"{name} carries an artifact and no float model to measure it against, but limits or an evaluation text are given.",
                "Leave MaxPerplexityIncrease, MinSqnr and EvaluationText out, or name a package with the checkpoint.");
    }

    /// <summary>Copies the artifact of a package to the request's output.</summary>
    /// <param name="package">A package with an artifact.</param>
    /// <param name="request">From <see cref="RequestNormalizer"/>.</param>
    /// <param name="progress">Told the bytes; may be null.</param>
    /// <param name="cancellationToken">Stops between chunks, leaving nothing.</param>
    /// <returns>The artifact's digest.</returns>
    /// <exception cref="MobileQuantException">MQ4001, MQ4002: the output cannot be written; MQ60xx: it is no artifact that this version runs.</exception>
    public static string Copy(RestoredPackage package, QuantizationRequest request, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        PackageFile file = package.Descriptor.Files[0];
        DiskErrors.RequireWritable(request.OutputPath);
        ArtifactFile.Open(package.ModelPath).Dispose();
        progress?.Report(new QuantizationEvent.Progress("copy", "copying from the package", 0, file.Bytes));
        try
        {
            using TemporaryPath temporary = TemporaryPath.Beside(request.OutputPath);
            using (FileStream source = new(package.ModelPath, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan))
            using (FileStream target = new(temporary.Path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                if (FileDigests.Hash(source, target, null, cancellationToken) != file.Sha256)
                {
                    throw PackageRestorer.Damaged(package, file);
                }

                target.Flush(flushToDisk: true);
            }

            File.Move(temporary.Path, request.OutputPath, overwrite: true);
            return file.Sha256;
        }
        catch (IOException e) when (DiskErrors.IsDiskFull(e))
        {
            throw DiskErrors.Full(e, request.OutputPath);
        }
    }
}
