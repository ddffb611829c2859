using System.Text.Json;
using MobileQuant.Evaluation.Quality;

namespace MobileQuant.Caching;

/// <summary>Figures of stored artifacts, by evaluation text; they lie in the folder of their entry and go with it.</summary>
/// <param name="folderOf">The folder of a key's entry.</param>
/// <param name="find">A key's entry, or null.</param>
/// <param name="building">Where files are written before they are moved.</param>
internal sealed class StoredQuality(Func<string, string> folderOf, Func<string, StoreEntry?> find, string building)
{
    private const string Prefix = "quality-";

    /// <summary>Figures of an entry's artifact.</summary>
    /// <param name="key">The content key.</param>
    /// <param name="text">What the figures are kept under: the evaluation text.</param>
    /// <returns>The figures, or null when that artifact was not measured on that text.</returns>
    public QualityMeasurement? Read(string key, string text)
    {
        string folder = folderOf(key);
        try
        {
            QualityMeasurement? found = JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(folder, text)), CachingJson.Default.QualityMeasurement);
            return found is { Version: QualityMeasurement.CurrentVersion, Sites: not null } && found.ArtifactSha256 == find(key)?.Sha256 ? found : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>All figures of an entry's artifact, by evaluation text.</summary>
    public IReadOnlyDictionary<string, QualityMeasurement> ReadAll(string key)
    {
        Dictionary<string, QualityMeasurement> figures = new(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(folderOf(key), PathOf("", "*")))
        {
            string text = Path.GetFileNameWithoutExtension(file)[Prefix.Length..];
            if (Read(key, text) is { } quality)
            {
                figures[text] = quality;
            }
        }

        return figures;
    }

    /// <summary>Keeps figures of an entry's artifact; they go when the entry goes.</summary>
    /// <param name="key">The content key.</param>
    /// <param name="text">The evaluation text.</param>
    /// <param name="quality">The figures.</param>
    public void Keep(string key, string text, QualityMeasurement quality)
    {
        try
        {
            string path = PathOf(folderOf(key), text);

            // Beside other work in progress, where it is swept after a crash.
            using TemporaryPath temporary = TemporaryPath.Beside(Path.Combine(building, Path.GetFileName(path)));
            ContentStore.WriteThrough(temporary.Path, JsonSerializer.SerializeToUtf8Bytes(quality, CachingJson.Default.QualityMeasurement));
            File.Move(temporary.Path, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Evicted meanwhile, or a store that can only be read: measured again next time.
        }
    }

    private static string PathOf(string folder, string text) => Path.Combine(folder, $"{Prefix}{text}.json");
}
