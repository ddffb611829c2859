using MobileQuant.Checkpoints;

namespace MobileQuant.Caching;

/// <summary>Which files of a checkpoint decide the result.</summary>
internal static class CheckpointFiles
{
    /// <summary>The files in ordinal order of their names.</summary>
    /// <param name="checkpointPath">A folder, or a file that is a whole checkpoint.</param>
    /// <exception cref="MobileQuantException">MQ2001: there is nothing, or an empty folder; MQ2026: several GGUF files.</exception>
    public static IReadOnlyList<string> List(string checkpointPath)
    {
        if (CheckpointReader.FindGguf(checkpointPath) is { } file)
        {
            return [file];
        }

        if (File.Exists(checkpointPath))
        {
            return [checkpointPath];
        }

        if (!Directory.Exists(checkpointPath))
        {
            throw new MobileQuantException("MQ2001", $"The checkpoint {checkpointPath} does not exist.", "Name a GGUF file, or a Hugging Face folder: config.json, *.safetensors and tokenizer.json.");
        }

        string[] files = [.. Directory.EnumerateFiles(checkpointPath).Where(path => IsPart(Path.GetFileName(path))).Order(StringComparer.Ordinal)];
        return files.Length > 0
            ? files
            : throw new MobileQuantException("MQ2001", $"The folder {checkpointPath} holds no checkpoint: expected config.json and *.safetensors, or a GGUF file.", "Name a Hugging Face folder or a GGUF file.");
    }

    /// <summary>Whether a file of that name can have a say: too many only cost a needless miss, too few a wrong hit.</summary>
    public static bool IsPart(string name) =>
        Path.GetExtension(name).ToUpperInvariant() is ".JSON" or ".SAFETENSORS" or ".MODEL" or ".JINJA" or ".GGUF"
        || name.Equals("merges.txt", StringComparison.Ordinal);
}
