namespace MobileQuant.Caching;

/// <summary>Says in words why the store has no entry for a fingerprint: the differences to the nearest entry of the same model.</summary>
internal static class MissExplanation
{
    /// <summary>What is said when no entry belongs to the model.</summary>
    public const string NoEarlierResult = "no earlier result for this model";

    /// <summary>Explains a miss.</summary>
    /// <param name="wanted">The fingerprint that was looked for.</param>
    /// <param name="source">The checkpoint's absolute path.</param>
    /// <param name="stored">All entries of the store, most recently used first.</param>
    public static string Explain(Fingerprint wanted, string source, IEnumerable<StoreEntry> stored)
    {
        // OrderBy is stable: among equally near entries the most recently used one is compared.
        StoreEntry? nearest = stored
            .Where(entry => IsSameModel(wanted, source, entry))
            .OrderBy(entry => CountDifferences(wanted.Entries, entry.Fingerprint))
            .FirstOrDefault();
        return nearest is null ? NoEarlierResult : Describe(nearest.Fingerprint, wanted.Entries);
    }

    /// <summary>The differences between two lists of entries, in words; empty when there are none.</summary>
    public static string Describe(IReadOnlyList<FingerprintEntry> before, IReadOnlyList<FingerprintEntry> now)
    {
        Dictionary<string, FingerprintEntry> old = ByName(before);
        Dictionary<string, FingerprintEntry> current = ByName(now);
        List<string> differences = [];
        foreach (FingerprintEntry entry in now)
        {
            if (!old.TryGetValue(entry.Name, out FingerprintEntry? earlier))
            {
                differences.Add($"{Subject(entry.Name)} added: {Shown(entry)}");
            }
            else if (earlier.Sha256 != entry.Sha256)
            {
                differences.Add(IsFile(entry.Name)
                    ? $"{Subject(entry.Name)} changed: {Shown(entry)}"
                    : $"{Subject(entry.Name)} changed: {earlier.Text} -> {entry.Text}");
            }
        }

        differences.AddRange(before
            .Where(entry => !current.ContainsKey(entry.Name))
            .Select(entry => $"{Subject(entry.Name)} removed: {Shown(entry)}"));
        return string.Join("; ", differences);
    }

    private static bool IsSameModel(Fingerprint wanted, string source, StoreEntry entry)
    {
        if (string.Equals(entry.Source, source, StringComparison.Ordinal))
        {
            return true;
        }

        // Tokenizers are shared by many models; a configuration or a weights file belongs to one.
        HashSet<string> own = [.. wanted.Entries.Where(IsIdentity).Select(e => e.Sha256)];
        return entry.Fingerprint.Any(e => IsIdentity(e) && own.Contains(e.Sha256));
    }

    private static bool IsIdentity(FingerprintEntry entry) =>
        entry.Name.StartsWith(RequestFingerprint.CheckpointPrefix, StringComparison.Ordinal)
        && (entry.Name.EndsWith("/config.json", StringComparison.Ordinal)
            || entry.Name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
            || entry.Name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase));

    private static int CountDifferences(IReadOnlyList<FingerprintEntry> left, IReadOnlyList<FingerprintEntry> right)
    {
        Dictionary<string, FingerprintEntry> byName = ByName(right);
        int same = left.Count(e => byName.TryGetValue(e.Name, out FingerprintEntry? other) && other.Sha256 == e.Sha256);
        return left.Count + right.Count - (2 * same);
    }

    private static Dictionary<string, FingerprintEntry> ByName(IReadOnlyList<FingerprintEntry> entries)
    {
        Dictionary<string, FingerprintEntry> byName = new(StringComparer.Ordinal);
        foreach (FingerprintEntry entry in entries)
        {
            byName[entry.Name] = entry;
        }

        return byName;
    }

    private static bool IsFile(string name) =>
        name.StartsWith(RequestFingerprint.CheckpointPrefix, StringComparison.Ordinal)
        || name.StartsWith(RequestFingerprint.CalibrationPrefix, StringComparison.Ordinal);

    private static string Subject(string name) =>
        name.StartsWith(RequestFingerprint.CheckpointPrefix, StringComparison.Ordinal) ? "checkpoint file"
        : name.StartsWith(RequestFingerprint.CalibrationPrefix, StringComparison.Ordinal) ? "calibration text"
        : name;

    private static string Shown(FingerprintEntry entry) =>
        entry.Name.StartsWith(RequestFingerprint.CheckpointPrefix, StringComparison.Ordinal)
            ? entry.Name[RequestFingerprint.CheckpointPrefix.Length..]
            : entry.Text;
}
