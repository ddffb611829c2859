namespace MobileQuant.Tests.Caching.Remote;

/// <summary>A disk with room for so many bytes: what goes beyond is written as far as it fits, and then fails as the system says it.</summary>
internal sealed class LimitedDisk(long room)
{
    // ENOSPC, in place of ERROR_DISK_FULL, which Linux knows nothing of.
    private const int NoSpace = 28;

    private long _room = room;

    /// <summary>A file on this disk.</summary>
    public Stream Open(Stream file) => new Writer(this, file);

    /// <summary>What the system says.</summary>
    public static IOException Full() => new("No space left on device", NoSpace);

    private sealed class Writer(LimitedDisk disk, Stream file) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int fits = (int)Math.Clamp(Interlocked.Add(ref disk._room, -buffer.Length) + buffer.Length, 0, buffer.Length);
            await file.WriteAsync(buffer[..fits], cancellationToken);
            if (fits < buffer.Length)
            {
                throw Full();
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => file.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
