using System.Globalization;

namespace MobileQuant.Build.Models;

/// <summary>
/// The file beside an artifact that says what it is. It, not the artifact, is the target's output for MSBuild: an artifact
/// keeps its old time when its bytes did not change, so that nothing downstream is copied again.
/// </summary>
/// <param name="fingerprint">The content key of the artifact.</param>
/// <param name="bytes">The artifact's size.</param>
internal sealed class Stamp(string fingerprint, long bytes)
{
    public string Fingerprint { get; } = fingerprint;

    public long Bytes { get; } = bytes;

    /// <summary>Reads a stamp.</summary>
    /// <returns>The stamp, or null where there is none or not a whole one.</returns>
    public static Stamp? Read(string path)
    {
        try
        {
            string[] lines = File.ReadAllLines(path);
            return lines.Length == 2 && long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out long bytes)
                ? new Stamp(lines[0], bytes)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes the stamp.</summary>
    /// <param name="path">The file.</param>
    /// <param name="time">When the inputs were last known to be as they were used: the start of the work, not its end.</param>
    public void Write(string path, DateTime time)
    {
        File.WriteAllText(path, Fingerprint + "\n" + Bytes.ToString(CultureInfo.InvariantCulture) + "\n");
        File.SetLastWriteTimeUtc(path, time);
    }

    /// <summary>Whether the artifact is there with the size that was recorded.</summary>
    public bool Describes(string artifact)
    {
        FileInfo file = new(artifact);
        return file.Exists && file.Length == Bytes;
    }
}
