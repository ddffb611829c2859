using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace MobileQuant.Caching;

/// <summary>The ordered list of everything that decides a result, and the content key over it.</summary>
public sealed class Fingerprint
{
    private static readonly byte[] Domain = "mobilequant-fingerprint-1"u8.ToArray();

    /// <summary>Makes the fingerprint of a list of entries.</summary>
    /// <param name="entries">In a fixed order; names are unique.</param>
    public Fingerprint(IReadOnlyList<FingerprintEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        Entries = entries;
        Key = ComputeKey(entries);
    }

    /// <summary>The entries in order.</summary>
    public IReadOnlyList<FingerprintEntry> Entries { get; }

    /// <summary>SHA-256 over names and digests of all entries, 64 lower-case hex digits.</summary>
    public string Key { get; }

    /// <summary>Makes an entry of a setting's value.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="value">Its normalized value, also shown to people.</param>
    /// <returns>The entry.</returns>
    public static FingerprintEntry Setting(string name, string value) =>
        new(name, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value))), value);

    private static string ComputeKey(IReadOnlyList<FingerprintEntry> entries)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Domain);
        Span<byte> length = stackalloc byte[4];
        foreach (FingerprintEntry entry in entries)
        {
            foreach (string part in (ReadOnlySpan<string>)[entry.Name, entry.Sha256])
            {
                // Lengths in front, so that no two different lists give the same bytes.
                byte[] bytes = Encoding.UTF8.GetBytes(part);
                BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
                hash.AppendData(length);
                hash.AppendData(bytes);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
