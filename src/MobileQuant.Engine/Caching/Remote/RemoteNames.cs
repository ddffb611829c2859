namespace MobileQuant.Caching.Remote;

/// <summary>Names of values. The number is that of the layout: machines with another one do not see each other's values.</summary>
internal static class RemoteNames
{
    private const string Prefix = "mobilequant/1/";

    public static string Manifest(string key) => $"{Prefix}manifest/{key}";

    public static string Chunk(string sha256) => $"{Prefix}chunk/{sha256}";

    public static string Lease(string key) => $"{Prefix}lease/{key}";
}
