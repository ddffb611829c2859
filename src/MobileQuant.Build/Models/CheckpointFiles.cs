namespace MobileQuant.Build.Models;

/// <summary>
/// The files of a checkpoint that can change what is made of it: at least those that the engine's fingerprint covers,
/// or a change would not even ask the tool.
/// </summary>
internal static class CheckpointFiles
{
    private static readonly string[] Extensions = [".json", ".safetensors", ".model", ".txt", ".jinja", ".gguf"];

    /// <summary>Lists them, in one order on every machine.</summary>
    /// <param name="checkpoint">The folder, or the one file that is a checkpoint; what does not exist has no files.</param>
    /// <returns>Absolute paths. Folders below are not looked into: no loader reads them.</returns>
    public static IReadOnlyList<string> Of(string checkpoint)
    {
        if (File.Exists(checkpoint))
        {
            return [checkpoint];
        }

        if (!Directory.Exists(checkpoint))
        {
            return [];
        }

        string[] files = Directory.GetFiles(checkpoint)
            .Where(file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
            .ToArray();
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }
}
