using System.Text.Json;

namespace MobileQuant.Caching;

/// <summary>
/// One builder per key across processes: an exclusively opened file. The operating system gives the lock back when its
/// process ends in whatever way, so a lock cannot outlive a dead owner; the owner file beside it only feeds the message.
/// </summary>
/// <remarks>Lock files stay: deleting one that another process is about to lock would let two in.</remarks>
internal sealed class StoreLock : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    private readonly FileStream _stream;
    private readonly string _ownerPath;

    private StoreLock(FileStream stream, string ownerPath)
    {
        _stream = stream;
        _ownerPath = ownerPath;
    }

    /// <summary>Waits until the lock is free, saying for whom once.</summary>
    /// <param name="path">The lock file.</param>
    /// <param name="subject">What the other process makes, for the message.</param>
    /// <param name="progress">Told when waiting begins.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static StoreLock Acquire(string path, string subject, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        bool told = false;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryAcquire(path) is { } acquired)
            {
                return acquired;
            }

            if (!told)
            {
                told = true;
                string text = $"waiting for another process that makes {subject} ({Describe(path + ".owner")})";
                progress?.Report(new QuantizationEvent.Message(text));
                progress?.Report(new QuantizationEvent.Progress("wait", text, 0, 0));
            }

            cancellationToken.WaitHandle.WaitOne(Poll);
        }
    }

    /// <summary>Takes the lock, or returns null when somebody holds it.</summary>
    public static StoreLock? TryAcquire(string path)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException) && !DiskErrors.IsDiskFull(e))
        {
            return null;
        }

        string ownerPath = path + ".owner";
        try
        {
            File.WriteAllBytes(ownerPath, JsonSerializer.SerializeToUtf8Bytes(new StoreLockOwner(Environment.ProcessId, Environment.MachineName), CachingJson.Default.StoreLockOwner));
        }
        catch (IOException)
        {
            // Only the message of others suffers.
        }

        return new StoreLock(stream, ownerPath);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            File.Delete(_ownerPath);
        }
        catch (IOException)
        {
            // Being read by one that waits; the next owner overwrites it.
        }

        _stream.Dispose();
    }

    private static string Describe(string ownerPath)
    {
        try
        {
            StoreLockOwner? owner = JsonSerializer.Deserialize(File.ReadAllBytes(ownerPath), CachingJson.Default.StoreLockOwner);
            return owner is null ? "owner unknown" : $"pid {owner.Pid} on {owner.Host}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return "owner unknown";
        }
    }
}
