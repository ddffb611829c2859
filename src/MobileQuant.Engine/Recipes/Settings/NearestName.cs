namespace MobileQuant.Recipes;

/// <summary>Finds what a misspelled name was probably meant to be.</summary>
internal static class NearestName
{
    /// <summary>The known name with the fewest insertions, deletions and replacements to it, cases aside; the first of several.</summary>
    public static string Of(string name, IEnumerable<string> known) => known.MinBy(candidate => Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant()))!;

    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        foreach (char letter in a)
        {
            int diagonal = row[0]++;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = diagonal + (letter == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
