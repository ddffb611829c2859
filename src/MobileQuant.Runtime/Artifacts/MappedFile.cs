using System.IO.MemoryMappedFiles;

namespace MobileQuant.Artifacts;

/// <summary>A whole file, mapped read-only. Every read is checked against its length, so that no reader above can leave it.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _base;
    private bool _disposed;

    /// <summary>Maps a file.</summary>
    /// <param name="path">An existing file; an empty one is mapped to no bytes.</param>
    /// <exception cref="IOException">It cannot be opened or mapped.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public MappedFile(string path)
    {
        Path = path;
        FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        try
        {
            Length = stream.Length;
            if (Length == 0)
            {
                stream.Dispose();
                return;
            }

            _map = MemoryMappedFile.CreateFromFile(stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            _view = _map.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            byte* start = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            _base = start + _view.PointerOffset;
        }
        catch
        {
            _view?.Dispose();
            _map?.Dispose();
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The file, as it was opened.</summary>
    public string Path { get; }

    /// <summary>Bytes of the file.</summary>
    public long Length { get; }

    /// <summary>A run of the file's bytes, valid until <see cref="Dispose"/>.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="count">Bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The run leaves the file.</exception>
    public ReadOnlySpan<byte> Span(long offset, int count) => new(Pointer(offset, count), count);

    /// <summary>The first byte of a run, which may be read until <see cref="Dispose"/>.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="count">Bytes; 2 GiB and more are fine.</param>
    /// <exception cref="ArgumentOutOfRangeException">The run leaves the file.</exception>
    public byte* Pointer(long offset, long count)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - count);

        // Safe: the view covers Length bytes from _base, and the run was just checked to lie inside.
        return _base + offset;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            if (_view is not null)
            {
                _view.SafeMemoryMappedViewHandle.ReleasePointer();
                _view.Dispose();
            }

            _map?.Dispose();
        }
    }
}
