using MobileQuant.Caching;
using MobileQuant.Packages;
using MobileQuant.Tests.Caching;
using NuGet.Packaging.Core;

namespace MobileQuant.Tests.Packages;

public sealed class PackagePusherTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly EventLog _log = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Puts_a_package_into_a_folder_once()
    {
        string package = new CraftedPackage().WriteTo(_folder["made"]);
        Directory.CreateDirectory(_folder["feed"]);
        await PushAsync(package, _folder["feed"], false);
        Assert.Equal(File.ReadAllBytes(package), File.ReadAllBytes(_folder["feed/Contoso.Tiny.1.0.0.nupkg"]));

        MobileQuantException e = await Assert.ThrowsAsync<MobileQuantException>(() => PushAsync(package, _folder["feed"], false));
        Assert.Equal("MQ4023", e.Code);
        await PushAsync(package, _folder["feed"], true);
    }

    [Fact]
    public async Task Refuses_a_package_without_a_model_before_it_is_sent()
    {
        string package = new CraftedPackage { Descriptor = null }.WriteTo(_folder["made"]);
        Directory.CreateDirectory(_folder["feed"]);
        Assert.Equal("MQ4021", (await Assert.ThrowsAsync<MobileQuantException>(() => PushAsync(package, _folder["feed"], false))).Code);
        Assert.Empty(_folder.Files("feed"));
        Assert.Equal("MQ4024", (await Assert.ThrowsAsync<MobileQuantException>(() => PushAsync(_folder["none.nupkg"], _folder["feed"], false))).Code);
    }

    [Fact]
    public async Task Pushes_to_a_server_with_a_key_from_the_environment_and_tells_nobody()
    {
        string package = new CraftedPackage().WriteTo(_folder["made"]);
        using LoopbackFeed feed = new() { Key = "open-sesame-4711" };
        _folder.Write("nuget.config", $"""<configuration><packageSources><clear/><add key="contoso" value="{feed.Address}" allowInsecureConnections="true" /></packageSources><config><add key="defaultPushSource" value="contoso" /></config></configuration>""");

        MobileQuantException e = await Assert.ThrowsAsync<MobileQuantException>(() => PushAsync(package, "contoso", false));
        Assert.Equal("MQ4023", e.Code);
        Assert.Contains("403", e.Message, StringComparison.Ordinal);
        Assert.Contains(PackagePusher.KeyVariable, e.Remedy, StringComparison.Ordinal);

        Environment.SetEnvironmentVariable(PackagePusher.KeyVariable, feed.Key);
        try
        {
            await PushAsync(package, null, false);
            Assert.Equal(File.ReadAllBytes(package), feed.Packages["Contoso.Tiny/1.0.0"]);
            e = await Assert.ThrowsAsync<MobileQuantException>(() => PushAsync(package, "contoso", false));
            Assert.Equal("MQ4023", e.Code);
            Assert.DoesNotContain(feed.Key, e.ToString(), StringComparison.Ordinal);
            await PushAsync(package, "contoso", true);
        }
        finally
        {
            Environment.SetEnvironmentVariable(PackagePusher.KeyVariable, null);
        }

        Assert.All(_log.Messages, message => Assert.DoesNotContain(feed.Key, message, StringComparison.Ordinal));
        RestoreOptions options = new() { BaseDirectory = _folder.Path, PackagesFolder = _folder["packages"] };
        RestoredPackage restored = await PackageRestorer.RestoreAsync(PackageName.Parse("Contoso.Tiny/1.0.0"), options, new FileDigests(null), _log, default);
        Assert.Equal(feed.Address, restored.Source);
    }

    [Fact]
    public async Task Sends_nothing_in_the_clear_unless_the_settings_allow_it()
    {
        string package = new CraftedPackage().WriteTo(_folder["made"]);
        using LoopbackFeed feed = new();
        Assert.Equal("MQ4023", (await Assert.ThrowsAsync<MobileQuantException>(() => PushAsync(package, feed.Address, false))).Code);
        Assert.Empty(feed.Packages);
    }

    [Fact]
    public async Task Asks_for_a_source_where_none_is_named()
    {
        string package = new CraftedPackage().WriteTo(_folder["made"]);
        _folder.Write("nuget.config", "<configuration><config><clear/></config></configuration>");
        Assert.Equal("MQ4025", (await Assert.ThrowsAsync<MobileQuantException>(() => PushAsync(package, null, false))).Code);
        _folder.Write("nuget.config", "<configuration><packageSources><add");
        Assert.Equal("MQ4025", (await Assert.ThrowsAsync<MobileQuantException>(() => PushAsync(package, null, false))).Code);
    }

    [Fact]
    public async Task Says_that_a_feed_is_not_there()
    {
        string package = new CraftedPackage().WriteTo(_folder["made"]);
        Assert.Equal("MQ4023", (await Assert.ThrowsAsync<MobileQuantException>(() => PushAsync(package, _folder["missing"], false))).Code);
    }

    private Task<(PackageIdentity Package, string Source)> PushAsync(string package, string? source, bool skipDuplicate) => PackagePusher.PushAsync(package, source, _folder.Path, skipDuplicate, _log, default);
}
