namespace MobileQuant.Build.Models;

/// <summary>Finds metadata that looks like a misspelled setting. Other names are the project's own business.</summary>
internal static class MetadataSpelling
{
    /// <summary>The setting that a name was probably meant to be.</summary>
    /// <param name="name">A metadata name of an item.</param>
    /// <returns>The setting, or null when the name is right or far from all of them.</returns>
    public static string? Suggest(string name)
    {
        if (ModelMetadata.Public.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return null;
        }

        (string Setting, int Distance) best = ModelMetadata.Public
            .Select(setting => (setting, Distance(name.ToUpperInvariant(), setting.ToUpperInvariant())))
            .OrderBy(pair => pair.Item2)
            .First();
        return best.Distance * 4 < best.Setting.Length ? best.Setting : null;
    }

    // Levenshtein, one row at a time.
    private static int Distance(string a, string b)
    {
        int[] row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
