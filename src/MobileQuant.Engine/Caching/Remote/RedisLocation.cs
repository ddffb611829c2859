namespace MobileQuant.Caching.Remote;

/// <summary>Where a Redis server is and who asks it. Not a record: nothing prints the password by accident.</summary>
internal sealed class RedisLocation(string host, int port, int database, bool isSecure, string? user, string? password)
{
    public string Host => host;

    public int Port => port;

    public int Database => database;

    /// <summary>Whether the connection is encrypted.</summary>
    public bool IsSecure => isSecure;

    public string? User => user;

    public string? Password => password;

    /// <summary>The address without user and password.</summary>
    public string Name => FormattableString.Invariant($"{(isSecure ? "rediss" : "redis")}://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port}/{database}");
}
