using System.Globalization;
using MobileQuant.Caching;
using MobileQuant.Checkpoints;
using MobileQuant.Export;

namespace MobileQuant.Hardening;

/// <summary>Checkpoint in, folder with a hard variant of it out.</summary>
public static class HardeningJob
{
    /// <summary>Writes a hard variant as a Hugging Face folder, which appears whole or not at all. Same inputs, same bytes.</summary>
    /// <param name="checkpointPath">A Hugging Face folder.</param>
    /// <param name="outputPath">The folder to make; must not exist, or be empty.</param>
    /// <param name="options">How loud, and how many.</param>
    /// <param name="progress">Told tensor by tensor, as step <c>write</c>.</param>
    /// <param name="cancellationToken">Stops the work; nothing is left behind.</param>
    /// <returns>What was written.</returns>
    /// <exception cref="MobileQuantException">
    /// MQ1020: the options; MQ1021: the output exists; MQ1022: not a Hugging Face folder; MQ2001 to MQ2014: the checkpoint; MQ4001,
    /// MQ4002: the disk.
    /// </exception>
    public static HardeningResult Run(
        string checkpointPath, string outputPath, HardeningOptions options, IProgress<QuantizationEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrWhiteSpace(outputPath);
        options.Validate();
        string output = Path.TrimEndingDirectorySeparator(Path.GetFullPath(outputPath));
        RequireFree(output);
        using ICheckpoint checkpoint = CheckpointReader.Open(checkpointPath);
        using HardenedCheckpoint hard = new(checkpoint, options);
        DiskErrors.RequireWritable(output);
        try
        {
            using TemporaryPath folder = TemporaryPath.Beside(output);
            Dictionary<string, string> notes = new(StringComparer.Ordinal) { ["hardened"] = Describe(options) };
            long bytes = HuggingFaceFolder.Write(hard, folder.Path, notes, progress, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            Place(folder.Path, output);
            return new(output, bytes, hard.Pairs, hard.LoudChannels);
        }
        catch (IOException e) when (DiskErrors.IsDiskFull(e))
        {
            throw DiskErrors.Full(e, output);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MobileQuantException("MQ4002", $"{output} cannot be written: {e.Message}", "Choose a place that can be written, or correct its permissions.", e);
        }
    }

    private static void RequireFree(string output)
    {
        string? found = File.Exists(output) ? "it is a file"
            : Directory.Exists(output) && Directory.EnumerateFileSystemEntries(output).Any() ? "the folder is not empty"
            : null;
        if (found is not null)
        {
            throw new MobileQuantException("MQ1021", $"{output} is already there: {found}.", "Name a new folder; nothing is written over.");
        }
    }

    // A folder is renamed onto a free name only; an empty one that was made beforehand gives way, one that filled up meanwhile does not.
    private static void Place(string folder, string output)
    {
        if (Directory.Exists(output))
        {
            Directory.Delete(output);
        }

        Directory.Move(folder, output);
    }

    private static string Describe(HardeningOptions options) => string.Create(
        CultureInfo.InvariantCulture,
        $"seed {options.Seed}, share {options.Share}, factors {options.MinimumFactor} to {options.MaximumFactor}");
}
