using MobileQuant.Caching.Remote;

namespace MobileQuant.Tests.Caching.Remote;

public sealed class RemoteLocationTests
{
    private const string Secret = "hush";

    [Theory]
    [InlineData("redis://cache.example:7000/2", "redis://cache.example:7000/2")]
    [InlineData("redis://cache.example", "redis://cache.example:6379/0")]
    [InlineData("rediss://user@cache.example/", "rediss://cache.example:6379/0")]
    [InlineData("redis://[::1]:7000", "redis://[::1]:7000/0")]
    public void A_server_is_named_without_its_user(string address, string name)
    {
        using RedisRemoteStore store = Assert.IsType<RedisRemoteStore>(Open(address));
        Assert.Equal(name, store.Name);
        Assert.True(store.UsesNetwork);
    }

    [Theory]
    [InlineData("file:///tmp/shared%20models", "/tmp/shared models")]
    [InlineData("/tmp/shared/../models", "/tmp/models")]
    public void A_folder_is_an_absolute_path(string address, string name)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        FolderRemoteStore store = Assert.IsType<FolderRemoteStore>(Open(address));
        Assert.Equal(name, store.Name);
        Assert.False(store.UsesNetwork);
    }

    [Theory]
    [InlineData("models/shared")]
    [InlineData("http://cache.example")]
    [InlineData("redis://")]
    [InlineData("redis://cache.example/models")]
    [InlineData("redis://cache.example/0?ssl=true")]
    [InlineData("redis://cache.example:99999")]
    public void Anything_else_is_an_error(string address)
    {
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => Open(address));
        Assert.Equal("MQ4012", e.Code);
        Assert.Contains(address, e.Message, StringComparison.Ordinal);
        Assert.Equal("MQ4012", Assert.Throws<MobileQuantException>(() => Open(null, (RemoteLocation.AddressVariable, address))).Code);
    }

    [Theory]
    [InlineData("redis://:hush@cache.example")]
    [InlineData("redis://user:hush@cache.example:6379/0")]
    [InlineData("redis://user:ha#hush@cache.example")]
    [InlineData("redis://user:12/hush@cache.example")]
    [InlineData("rediss://user:hush@@cache.example:port")]
    [InlineData("http://user:hush@cache.example")]
    public void A_password_belongs_in_the_environment_and_is_in_no_error(string address)
    {
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => Open(address));
        Assert.Equal("MQ4013", e.Code);
        Assert.DoesNotContain(Secret, e.ToString() + e.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis://user:ha#hush@cache.example")]
    [InlineData("redis://user:12/hush@cache.example")]
    [InlineData("redis://user:12?hush@cache.example")]
    [InlineData("redis://user:hush@cache.example/models")]
    [InlineData("http://user:hush@cache.example")]
    [InlineData("hush@cache.example")]
    public void What_the_environment_has_and_cannot_be_read_is_not_repeated(string address)
    {
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => Open(null, (RemoteLocation.AddressVariable, address)));
        Assert.Equal("MQ4012", e.Code);
        Assert.DoesNotContain(Secret, e.ToString() + e.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void The_option_comes_before_the_environment_and_nothing_is_none()
    {
        Assert.Null(Open(null));
        Assert.Null(Open(" ", (RemoteLocation.AddressVariable, "")));
        using RedisRemoteStore own = Assert.IsType<RedisRemoteStore>(Open("redis://own", (RemoteLocation.AddressVariable, "redis://other")));
        using RedisRemoteStore other = Assert.IsType<RedisRemoteStore>(Open(null, (RemoteLocation.AddressVariable, "redis://user:hush@other:1/3")));
        Assert.Equal("redis://own:6379/0", own.Name);
        Assert.Equal("redis://other:1/3", other.Name);
    }

    [Theory]
    [InlineData(null, 10.0)]
    [InlineData("2.5", 2.5)]
    [InlineData("0", null)]
    [InlineData("soon", null)]
    public void The_timeout_is_a_number_of_seconds(string? text, double? seconds)
    {
        TimeSpan Resolve() => RemoteLocation.ResolveTimeout(_ => text, TimeSpan.FromSeconds(10));
        if (seconds is { } expected)
        {
            Assert.Equal(TimeSpan.FromSeconds(expected), Resolve());
        }
        else
        {
            Assert.Equal("MQ1003", Assert.Throws<MobileQuantException>(() => Resolve()).Code);
        }
    }

    private static IRemoteStore? Open(string? address, params (string Name, string Value)[] environment) =>
        RemoteLocation.Open(address, name => environment.FirstOrDefault(variable => variable.Name == name).Value, TimeSpan.FromSeconds(1));
}
