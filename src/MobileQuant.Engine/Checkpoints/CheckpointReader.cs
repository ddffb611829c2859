using MobileQuant.Checkpoints.Gguf;

namespace MobileQuant.Checkpoints;

/// <summary>Opens checkpoints of every container that this version knows.</summary>
public static class CheckpointReader
{
    private const string Expected = "Give the folder of a Hugging Face checkpoint (config.json, model.safetensors and tokenizer.json) or a GGUF file.";

    /// <summary>Opens a checkpoint: its configuration is parsed and the headers of its weight files are validated.</summary>
    /// <param name="path">A Hugging Face folder, a GGUF file, or a folder with one GGUF file and no config.json.</param>
    /// <returns>The checkpoint; dispose it after the last read.</returns>
    /// <exception cref="MobileQuantException">MQ2001 to MQ2006, MQ2010 to MQ2014, MQ2020 to MQ2027.</exception>
    public static ICheckpoint Open(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string full = Path.GetFullPath(path);
        if (FindGguf(full) is { } file)
        {
            return GgufCheckpoint.Open(file);
        }

        return Directory.Exists(full) ? HuggingFaceCheckpoint.Open(full)
            : File.Exists(full) ? throw new MobileQuantException("MQ2001", $"{full}: this is neither a folder nor a GGUF file.", Expected)
            : throw new MobileQuantException("MQ2001", $"{full}: there is no such folder or file.", Expected);
    }

    /// <summary>Whether a path can only be a checkpoint, as opposed to an artifact of this program.</summary>
    /// <param name="path">Any path.</param>
    /// <returns>True for a folder and for a GGUF file, whether or not it can be opened.</returns>
    public static bool IsCheckpoint(string path) => Directory.Exists(path) || (File.Exists(path) && IsGguf(path));

    /// <summary>The GGUF file that a path stands for: itself, or the only one of a folder without config.json.</summary>
    /// <param name="path">Any path.</param>
    /// <returns>The file, or null when it is no GGUF checkpoint.</returns>
    /// <exception cref="MobileQuantException">MQ2026: a folder with several.</exception>
    public static string? FindGguf(string path) =>
        Directory.Exists(path) ? SingleGguf(path) : File.Exists(path) && IsGguf(path) ? path : null;

    private static bool IsGguf(string path) => Path.GetExtension(path).Equals(".gguf", StringComparison.OrdinalIgnoreCase) || GgufFile.HasMagic(path);

    // With a config.json beside it, a GGUF file is an extra in a Hugging Face folder.
    private static string? SingleGguf(string folder)
    {
        if (File.Exists(Path.Combine(folder, "config.json")))
        {
            return null;
        }

        string[] files = [.. Directory.EnumerateFiles(folder).Where(file => Path.GetExtension(file).Equals(".gguf", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)];
        return files.Length <= 1
            ? files.FirstOrDefault()
            : throw new MobileQuantException("MQ2026", $"{folder}: there are {files.Length} GGUF files in it: {string.Join(", ", files.Take(4).Select(Path.GetFileName))}{(files.Length > 4 ? ", ..." : "")}.", "Name one of the files.");
    }
}
