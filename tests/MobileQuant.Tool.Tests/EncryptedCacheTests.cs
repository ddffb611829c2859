using System.Text.Json;
using MobileQuant.Tests.Caching.Remote;

namespace MobileQuant.Tool.Tests;

/// <summary>A remote cache behind an encrypted connection: a real server, and processes that trust its certificate or do not.</summary>
public sealed class EncryptedCacheTests : IDisposable
{
    private readonly PrimedStore _store = new();

    public void Dispose() => _store.Dispose();

    [RedisFact]
    public async Task Entries_go_through_where_the_certificate_is_trusted_and_nowhere_else()
    {
        ServerCertificate certificate = new(_store.Folder);
        using RedisServer server = new(certificate);
        Assert.StartsWith("rediss://", server.Address, StringComparison.Ordinal);
        await _store.FillAsync();

        Assert.Equal("MQ4010", Push(server, server.Address, trusted: null).GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("MQ4010", Push(server, server.Address.Replace("rediss", "redis", StringComparison.Ordinal), certificate.Path).GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(1, Push(server, server.Address, certificate.Path).GetProperty("published").GetInt32());
        Assert.Equal(1, Push(server, server.Address, certificate.Path).GetProperty("present").GetInt32());
    }

    private JsonElement Push(RedisServer server, string address, string? trusted)
    {
        Dictionary<string, string> variables = new() { ["MOBILEQUANT_REMOTE_CACHE_PASSWORD"] = server.Password };
        if (trusted is not null)
        {
            variables["SSL_CERT_FILE"] = trusted;
        }

        using ToolProcess tool = new(AppContext.BaseDirectory, variables, "cache", "push", "--remote-cache", address, "--cache-directory", _store.Store, "--json");
        string output = tool.ReadToEnd();
        Assert.True(tool.WaitForExit(TimeSpan.FromSeconds(60)));
        Assert.DoesNotContain(server.Password, output, StringComparison.Ordinal);
        return JsonDocument.Parse(output).RootElement;
    }
}
