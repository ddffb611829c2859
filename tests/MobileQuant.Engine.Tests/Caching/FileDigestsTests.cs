using System.Security.Cryptography;
using MobileQuant.Caching;

namespace MobileQuant.Tests.Caching;

public sealed class FileDigestsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_large_file_is_read_once_while_size_and_time_stay()
    {
        string path = Settled(_folder["large"], 'a');
        string expected = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
        Assert.Equal(expected, new FileDigests(_folder["digests.json"]).Compute(path, null, default));

        // Other bytes under the same size and time: a remembered digest shows by being out of date.
        DateTime time = File.GetLastWriteTimeUtc(path);
        File.WriteAllText(path, new string('b', (int)FileDigests.RememberedFrom));
        File.SetLastWriteTimeUtc(path, time);
        Assert.Equal(expected, new FileDigests(_folder["digests.json"]).Compute(path, null, default));

        File.SetLastWriteTimeUtc(path, time.AddTicks(10));
        Assert.NotEqual(expected, new FileDigests(_folder["digests.json"]).Compute(path, null, default));
    }

    [Fact]
    public void A_file_written_just_now_is_not_remembered()
    {
        File.WriteAllText(_folder["large"], new string('a', (int)FileDigests.RememberedFrom));

        new FileDigests(_folder["digests.json"]).Compute(_folder["large"], null, default);

        Assert.False(File.Exists(_folder["digests.json"]));
    }

    [Fact]
    public void A_damaged_memory_is_forgotten()
    {
        string path = Settled(_folder["large"], 'a');
        File.WriteAllText(_folder["digests.json"], "{\"x\":");

        string digest = new FileDigests(_folder["digests.json"]).Compute(path, null, default);

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))), digest);
        Assert.Contains("large", File.ReadAllText(_folder["digests.json"]), StringComparison.Ordinal);
    }

    private static string Settled(string path, char content)
    {
        File.WriteAllText(path, new string(content, (int)FileDigests.RememberedFrom));
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(-1));
        return path;
    }
}
