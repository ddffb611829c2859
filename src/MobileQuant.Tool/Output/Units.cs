namespace MobileQuant.Tool.Output;

/// <summary>Numbers for people.</summary>
internal static class Units
{
    /// <summary>Decimal units, as disks and networks are sold.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1_000 => FormattableString.Invariant($"{bytes} B"),
        < 1_000_000 => FormattableString.Invariant($"{bytes / 1e3:0.0} kB"),
        < 1_000_000_000 => FormattableString.Invariant($"{bytes / 1e6:0.0} MB"),
        _ => FormattableString.Invariant($"{bytes / 1e9:0.00} GB"),
    };
}
