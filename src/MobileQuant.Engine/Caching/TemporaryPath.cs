using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MobileQuant.Caching;

/// <summary>
/// A file or folder that exists only while it is being made. Whatever is still there when this is disposed, or when the
/// process ends in an orderly way, is deleted; what a killed process left is swept by the next one: the name carries the id
/// of its process, and of its machine, because folders may be shared between machines and containers.
/// </summary>
internal sealed class TemporaryPath : IDisposable
{
    private const string Suffix = ".mqtmp";

    private static readonly TimeSpan Forgotten = TimeSpan.FromDays(7);

    private static readonly string Host = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Environment.MachineName)))[..8];

    private static readonly ConcurrentDictionary<string, byte> Pending = new(StringComparer.Ordinal);

    static TemporaryPath() => AppDomain.CurrentDomain.ProcessExit += (_, _) => DeletePending();

    private TemporaryPath(string path)
    {
        Path = path;
        Pending[path] = 0;
    }

    /// <summary>Absolute path; nothing is there yet.</summary>
    public string Path { get; }

    /// <summary>A name in the folder of <paramref name="finalPath"/>, so that a rename to it is atomic.</summary>
    public static TemporaryPath Beside(string finalPath)
    {
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(finalPath))!;
        return new(System.IO.Path.Combine(folder, NewName("." + System.IO.Path.GetFileName(finalPath))));
    }

    /// <summary>A new folder inside <paramref name="folder"/>, created.</summary>
    public static TemporaryPath FolderIn(string folder)
    {
        TemporaryPath temporary = new(System.IO.Path.Combine(folder, NewName("build")));
        Directory.CreateDirectory(temporary.Path);
        return temporary;
    }

    /// <summary>Deletes what processes of this machine that are no longer alive left in a folder, and what any machine left a week ago.</summary>
    /// <param name="folder">Where to look.</param>
    /// <param name="prefix">Start of the names, as given to the file that was to be made; empty for all.</param>
    public static void Sweep(string folder, string prefix = "")
    {
        try
        {
            foreach (string path in Directory.EnumerateFileSystemEntries(folder, $"{prefix}*{Suffix}"))
            {
                if (IsAbandoned(path))
                {
                    Delete(path);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Sweeping is housekeeping: what cannot be listed now is swept another time.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Delete(Path);
        Pending.TryRemove(Path, out _);
    }

    /// <summary>A name as this process, or in tests another one, gives it.</summary>
    internal static string NewName(string name, int? pid = null, string? host = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}.{host ?? Host}.{pid ?? Environment.ProcessId}.{Guid.NewGuid():N}{Suffix}");

    private static bool IsAbandoned(string path)
    {
        // name . host . pid . guid . suffix, where the name may have dots of its own.
        string[] parts = System.IO.Path.GetFileName(path).Split('.');
        if (parts.Length < 5 || !int.TryParse(parts[^3], NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
        {
            return false;
        }

        return parts[^4] == Host ? !ProcessIdentity.IsAlive(pid) : DateTime.UtcNow - File.GetLastWriteTimeUtc(path) > Forgotten;
    }

    private static void DeletePending()
    {
        foreach (string path in Pending.Keys)
        {
            Delete(path);
        }
    }

    private static void Delete(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
            else
            {
                File.Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Still open elsewhere (Windows): the next sweep removes it.
        }
    }
}
