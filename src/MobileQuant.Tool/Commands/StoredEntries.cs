using MobileQuant.Artifacts;
using MobileQuant.Caching;

namespace MobileQuant.Tool.Commands;

/// <summary>Finds entries of the store by what people have at hand.</summary>
/// <param name="entries">All entries, most recently used first.</param>
internal sealed class StoredEntries(IReadOnlyList<StoreEntry> entries)
{
    /// <summary>The one entry that the beginning of a key names.</summary>
    /// <exception cref="MobileQuantException">MQ4006: there is none, or more than one.</exception>
    public StoreEntry ByKey(string prefix)
    {
        StoreEntry[] found = [.. entries.Where(entry => entry.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))];
        return found.Length == 1
            ? found[0]
            : throw Missing($"{(found.Length == 0 ? "No" : "More than one")} entry has a key that begins with '{prefix}'.");
    }

    /// <summary>The entries that an item stands for: an artifact file, the beginning of a key, or a checkpoint by path or name.</summary>
    /// <returns>At least one; most recently used first.</returns>
    /// <exception cref="MobileQuantException">MQ4006: there is none.</exception>
    public IReadOnlyList<StoreEntry> ByItem(string item)
    {
        if (File.Exists(item) && ArtifactFile.IsArtifact(item))
        {
            using ArtifactFile artifact = ArtifactFile.Open(item);
            string key = artifact.Manifest.Fingerprint;
            return entries.FirstOrDefault(entry => entry.Key == key) is { } made
                ? [made]
                : throw Missing($"The store has no entry for {item}, whose key is {key[..Math.Min(12, key.Length)]}.");
        }

        string name = NameOf(Path.TrimEndingDirectorySeparator(item));
        StoreEntry[] named = [.. entries.Where(entry => string.Equals(NameOf(entry.Source), name, StringComparison.OrdinalIgnoreCase))];
        return named.Length > 0 ? named
            : entries.Any(entry => entry.Key.StartsWith(item, StringComparison.OrdinalIgnoreCase)) ? [ByKey(item)]
            : throw Missing($"No entry was made of '{item}', and none has a key that begins with it.");
    }

    private static string NameOf(string path)
    {
        string name = Path.GetFileName(path);
        return name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? Path.GetFileNameWithoutExtension(name) : name;
    }

    private static MobileQuantException Missing(string message) => new("MQ4006", message, "See `mobilequant cache ls` for models and keys.");
}
