namespace MobileQuant.Checkpoints;

/// <summary>Opens checkpoints of every container that this version knows.</summary>
public static class CheckpointReader
{
    /// <summary>Opens a checkpoint: its configuration is parsed and the headers of its weight files are validated.</summary>
    /// <param name="path">A Hugging Face folder.</param>
    /// <returns>The checkpoint; dispose it after the last read.</returns>
    /// <exception cref="MobileQuantException">MQ2001 to MQ2004, MQ2010 to MQ2014.</exception>
    public static ICheckpoint Open(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string full = Path.GetFullPath(path);
        if (!Directory.Exists(full))
        {
            throw new MobileQuantException("MQ2001", $"{full}: there is no such folder.", "Give the folder of a checkpoint: config.json, model.safetensors and tokenizer.json.");
        }

        return HuggingFaceCheckpoint.Open(full);
    }
}
