namespace MobileQuant.Caching;

/// <summary>Turns what the file system refuses into errors that say what to do.</summary>
internal static class DiskErrors
{
    // ENOSPC is 28 on Linux and macOS; EDQUOT is 122 and 69.
    private const int NoSpace = 28;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    public static bool IsDiskFull(IOException e) =>
        e.HResult is WindowsDiskFull or WindowsHandleDiskFull or NoSpace
        || (OperatingSystem.IsLinux() && e.HResult == 122)
        || (OperatingSystem.IsMacOS() && e.HResult == 69);

    /// <summary>The error for a full disk.</summary>
    /// <param name="e">What was caught.</param>
    /// <param name="path">What was being written.</param>
    public static MobileQuantException Full(IOException e, string path) => new(
        "MQ4001",
        $"The disk is full: {path} could not be written{FreeSpace(path)}. Nothing was left behind.",
        "Free space, write to another disk, or move the store (MOBILEQUANT_CACHE_DIRECTORY, --cache-directory); `mobilequant cache gc --limit 0` empties it.",
        e);

    /// <summary>Makes the folder of a file that will be written, and proves that it can be: before the work, not after it.</summary>
    /// <param name="path">Absolute path of the file.</param>
    /// <exception cref="MobileQuantException">MQ4001, MQ4002.</exception>
    public static void RequireWritable(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            TemporaryPath.Sweep(Path.GetDirectoryName(path)!, "." + Path.GetFileName(path));
            using TemporaryPath probe = TemporaryPath.Beside(path);
            File.WriteAllBytes(probe.Path, []);
        }
        catch (IOException e) when (IsDiskFull(e))
        {
            throw Full(e, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MobileQuantException("MQ4002", $"{path} cannot be written: {e.Message}", "Choose a place that can be written, or correct its permissions.", e);
        }
    }

    private static string FreeSpace(string path)
    {
        try
        {
            string? folder = Path.GetDirectoryName(Path.GetFullPath(path));
            while (folder is not null && !Directory.Exists(folder))
            {
                folder = Path.GetDirectoryName(folder);
            }

            return folder is null ? "" : $" ({new DriveInfo(folder).AvailableFreeSpace / 1_000_000} MB free)";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return "";
        }
    }
}
