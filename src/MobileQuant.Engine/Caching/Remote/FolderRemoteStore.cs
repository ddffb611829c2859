using System.Text.RegularExpressions;

namespace MobileQuant.Caching.Remote;

/// <summary>A remote cache in a folder that machines share: one file per value, which appears by one rename.</summary>
internal sealed partial class FolderRemoteStore : IRemoteStore
{
    private readonly string _folder;
    private readonly string _incoming;
    private readonly Func<Stream, Stream> _disk;

    /// <param name="folder">Absolute; made when something is written.</param>
    /// <param name="disk">What files are written through; null: nothing. For tests of disks that are full.</param>
    public FolderRemoteStore(string folder, Func<Stream, Stream>? disk = null)
    {
        _folder = folder;
        _incoming = Path.Combine(folder, "incoming");
        _disk = disk ?? (file => file);
    }

    /// <inheritdoc/>
    public string Name => _folder;

    /// <summary>False: a share is asked like any other folder.</summary>
    public bool UsesNetwork => false;

    /// <inheritdoc/>
    public async Task<byte[]?> GetAsync(string name, int maximumBytes, CancellationToken cancellationToken)
    {
        try
        {
            using FileStream stream = new(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
            if (stream.Length > maximumBytes)
            {
                throw new InvalidDataException($"{name} has {stream.Length} bytes; expected at most {maximumBytes}");
            }

            byte[] value = new byte[stream.Length];
            await stream.ReadExactlyAsync(value, cancellationToken).ConfigureAwait(false);
            return value;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task SetAsync(string name, byte[] value, TimeSpan? lifetime, CancellationToken cancellationToken)
    {
        using TemporaryPath temporary = await WriteAsync(name, value, cancellationToken).ConfigureAwait(false);
        File.Move(temporary.Path, PathOf(name), overwrite: true);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Moving without replacing would first look and then rename, so two could succeed; creating is one step. A reader in
    /// between finds less than the value, which of a lease is a sign of life as good as any.
    /// </remarks>
    public async Task<bool> TryAddAsync(string name, byte[] value, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        FileStream stream;
        try
        {
            stream = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }

        await using (stream.ConfigureAwait(false))
        {
            try
            {
                await _disk(stream).WriteAsync(value, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch
            {
                // Others would wait for whoever made this until they take it for dead.
                await stream.DisposeAsync().ConfigureAwait(false);
                File.Delete(path);
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            File.Delete(PathOf(name));
        }
        catch (DirectoryNotFoundException)
        {
            // Never written.
        }

        return Task.CompletedTask;
    }

    private async Task<TemporaryPath> WriteAsync(string name, byte[] value, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        Directory.CreateDirectory(_incoming);
        TemporaryPath.Sweep(_incoming);
        TemporaryPath temporary = TemporaryPath.Beside(Path.Combine(_incoming, Path.GetFileName(PathOf(name))));
        try
        {
            using FileStream stream = new(temporary.Path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
            await _disk(stream).WriteAsync(value, cancellationToken).ConfigureAwait(false);
            stream.Flush(flushToDisk: true);
            return temporary;
        }
        catch
        {
            temporary.Dispose();
            throw;
        }
    }

    private string PathOf(string name) => NamePattern().IsMatch(name)
        ? Path.Combine([_folder, .. name.Split('/')])
        : throw new ArgumentException($"'{name}' is not the name of a value.", nameof(name));

    // No part may begin with a dot, so no name leaves the folder.
    [GeneratedRegex(@"^[a-z0-9-][a-z0-9.-]*(/[a-z0-9-][a-z0-9.-]*)*\z")]
    private static partial Regex NamePattern();
}
