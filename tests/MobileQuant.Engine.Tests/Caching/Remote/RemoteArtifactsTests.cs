using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using MobileQuant.Caching.Remote;
using MobileQuant.Evaluation.Quality;

namespace MobileQuant.Tests.Caching.Remote;

public sealed class RemoteArtifactsTests
{
    private static readonly string OtherDigest = new('a', 64);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(ChunkCodec.ChunkBytes - 1, 1)]
    [InlineData(ChunkCodec.ChunkBytes, 1)]
    [InlineData(ChunkCodec.ChunkBytes + 1, 2)]
    [InlineData(2 * ChunkCodec.ChunkBytes, 2)]
    public void What_was_published_comes_back_in_parts(int length, int parts)
    {
        PublishedArtifact published = new(RandomBytes(length));

        Assert.Equal(published.Bytes, published.Fetch());
        Assert.Equal(parts, published.Manifest.Chunks.Count);
        Assert.Equal(length, published.Manifest.Chunks.Sum(chunk => (long)chunk.Bytes));
        Assert.Equal(parts + 1, published.Cache.Values.Count);
        Assert.Equal(published.ManifestName, published.Cache.Written.Last());
        foreach (RemoteChunk chunk in published.Manifest.Chunks)
        {
            Assert.Equal(chunk.Sha256, Convert.ToHexStringLower(SHA256.HashData(published.Cache.Values[RemoteNames.Chunk(chunk.Sha256)])));
        }
    }

    [Fact]
    public void Parts_are_compressed_only_where_that_helps()
    {
        byte[] random = RandomBytes(100_000);
        byte[] hardlyBetter = [.. random[..98_500], .. new byte[1_500]];
        byte[] better = [.. random[..90_000], .. new byte[10_000]];

        Assert.Equal(ChunkCodec.Plain, Assert.Single(new PublishedArtifact(random).Manifest.Chunks).Encoding);
        Assert.Equal(ChunkCodec.Plain, Assert.Single(new PublishedArtifact(hardlyBetter).Manifest.Chunks).Encoding);
        PublishedArtifact compressed = new(better);
        RemoteChunk chunk = Assert.Single(compressed.Manifest.Chunks);
        Assert.Equal(ChunkCodec.Brotli, chunk.Encoding);
        Assert.InRange(chunk.StoredBytes, 80_000, 97_000);
        Assert.Equal(better, compressed.Fetch());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_byte_of_manifest_and_part_counts(bool compressible)
    {
        PublishedArtifact published = new(compressible ? Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 600).Select(i => $"{i * i} "))) : RandomBytes(1500));
        Assert.Equal(compressible ? ChunkCodec.Brotli : ChunkCodec.Plain, published.Manifest.Chunks[0].Encoding);
        Random random = new(7);
        foreach ((string name, byte[] whole) in published.Cache.Values.ToArray())
        {
            for (int i = 0; i < whole.Length; i++)
            {
                byte[] damaged = [.. whole];
                damaged[i] ^= (byte)(1 << random.Next(8));
                published.Cache.Values[name] = damaged;
                Assert.Throws<RemoteValueException>(() => published.Fetch());
            }

            foreach (byte[] damaged in (byte[][])[.. Enumerable.Range(0, whole.Length).Where(i => i < 100 || i % 13 == 0).Select(i => whole[..i]), [.. whole, 0]])
            {
                published.Cache.Values[name] = damaged;
                Assert.Throws<RemoteValueException>(() => published.Fetch());
            }

            published.Cache.Values[name] = whole;
        }

        Assert.Equal(published.Bytes, published.Fetch());
    }

    [Fact]
    public void A_missing_part_is_rejected()
    {
        PublishedArtifact published = new(RandomBytes(100));
        Assert.True(published.Cache.Values.TryRemove(RemoteNames.Chunk(published.Manifest.Chunks[0].Sha256), out _));
        Assert.Throws<RemoteValueException>(() => published.Fetch());
    }

    [Fact]
    public void The_manifest_of_another_key_is_rejected()
    {
        PublishedArtifact published = new(RandomBytes(100));
        string other = new PublishedArtifact([1], "two").Entry.Key;
        published.Cache.Values[RemoteNames.Manifest(other)] = published.Cache.Values[published.ManifestName];
        Assert.Throws<RemoteValueException>(() => published.Fetch(other));

        // Not even when it says that it is of this one.
        published.Cache.Values[RemoteNames.Manifest(other)] = ManifestFormat.Encode(published.Manifest with { Entry = published.Entry with { Key = other } });
        Assert.Throws<RemoteValueException>(() => published.Fetch(other));
    }

    [Fact]
    public void Impossible_sizes_are_rejected_before_anything_is_allocated()
    {
        PublishedArtifact published = new(RandomBytes(100));
        RemoteManifest good = published.Manifest;
        RemoteChunk chunk = good.Chunks[0];
        RemoteManifest Sized(long bytes, params RemoteChunk[] chunks) => good with { Entry = good.Entry with { Bytes = bytes }, Chunks = chunks };
        foreach (RemoteManifest forged in (RemoteManifest[])
        [
            Sized(0),
            Sized(-1, chunk),
            Sized(99, chunk),
            Sized(100),
            Sized(100, chunk, chunk),
            Sized(long.MaxValue, chunk),
            Sized(ManifestFormat.MaximumArtifactBytes + 1, chunk),
            Sized(1L << 37, chunk),
            Sized(int.MaxValue, chunk with { Bytes = int.MaxValue, StoredBytes = int.MaxValue }),
            Sized(100, chunk with { StoredBytes = 101 }),
            Sized(100, chunk with { StoredBytes = -5, Encoding = ChunkCodec.Brotli }),
            Sized(100, chunk with { StoredBytes = int.MaxValue, Encoding = ChunkCodec.Brotli }),
            Sized(100, chunk with { Encoding = "zip" }),
            Sized(100, chunk with { Encoding = null! }),
            Sized(100, chunk with { Sha256 = "../../x" }),
            Sized(100, [null!]),
            good with { Chunks = null! },
            good with { Entry = null! },
            good with { Quality = null! },
            good with { Version = 2 },
            good with { Entry = good.Entry with { Sha256 = OtherDigest } },
            good with { Entry = good.Entry with { Fingerprint = null! } },
            good with { Entry = good.Entry with { Fingerprint = [null!] } },
            good with { Quality = Figures("../../../escaped", good.Entry.Sha256) },
            good with { Quality = Figures("calibration", OtherDigest) },
            good with { Quality = new Dictionary<string, QualityMeasurement> { ["calibration"] = null! } },
        ])
        {
            published.Forge(_ => forged);
            Assert.Throws<RemoteValueException>(() => published.Fetch());
            published.Cache.Values[published.ManifestName] = ManifestFormat.Encode(good);
        }

        Assert.Equal(published.Bytes, published.Fetch());
    }

    [Fact]
    public void A_part_that_unfolds_to_more_than_it_says_is_rejected()
    {
        byte[] huge = new byte[64 << 20];
        byte[] bomb = new byte[1 << 20];
        Assert.True(BrotliEncoder.TryCompress(huge, bomb, out int written, 9, 22));
        bomb = bomb[..written];
        RemoteChunk chunk = new(Convert.ToHexStringLower(SHA256.HashData(bomb)), bomb.Length, 1000, ChunkCodec.Brotli);
        Assert.True(written < 1000);
        Assert.Throws<RemoteValueException>(() => ChunkCodec.Decode(chunk, bomb));
        Assert.Throws<RemoteValueException>(() => ChunkCodec.Decode(chunk with { Bytes = (64 << 20) + 1 }, bomb));
        Assert.Equal(huge, ChunkCodec.Decode(chunk with { Bytes = 64 << 20 }, bomb));
    }

    [Fact]
    public void A_value_larger_than_a_manifest_may_be_is_rejected()
    {
        PublishedArtifact published = new(RandomBytes(100));
        published.Cache.Values[published.ManifestName] = new byte[ManifestFormat.MaximumBytes + 1];
        Assert.Throws<RemoteValueException>(() => published.Fetch());
    }

    [Fact]
    public void Json_that_is_whole_and_wrong_is_rejected_or_changes_nothing()
    {
        PublishedArtifact published = new(RandomBytes(400));
        byte[] whole = published.Cache.Values[published.ManifestName];
        int start = "mobilequant-manifest-1\n".Length;
        byte[] json = whole[(start + SHA256.HashSizeInBytes)..];
        Random random = new(11);
        ReadOnlySpan<byte> signs = "0123456789abcdef{}[]\",:-nul"u8;
        int rejected = 0;
        for (int i = 0; i < 4000; i++)
        {
            byte[] changed = [.. json];
            for (int n = random.Next(1, 4); n > 0; n--)
            {
                changed[random.Next(changed.Length)] = signs[random.Next(signs.Length)];
            }

            published.Cache.Values[published.ManifestName] = [.. whole[..start], .. SHA256.HashData(changed), .. changed];
            try
            {
                Assert.Equal(published.Bytes, published.Fetch());
            }
            catch (RemoteValueException)
            {
                rejected++;
            }
        }

        Assert.InRange(rejected, 1000, 3999);
    }

    private static Dictionary<string, QualityMeasurement> Figures(string text, string artifact) => new() { [text] = new() { ArtifactSha256 = artifact, Sites = [] } };

    private static byte[] RandomBytes(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
