namespace MobileQuant.Caching.Remote;

/// <summary>How long the remote tier waits for what.</summary>
internal sealed record RemoteTimings
{
    /// <summary>For one answer; longer is a failure.</summary>
    public TimeSpan Operation { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A lease that did not change for as long belongs to nobody any more.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Between two signs of life of a lease's owner.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Between two looks of one who waits.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(1);
}
