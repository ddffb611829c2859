namespace MobileQuant.Caching.Remote;

/// <summary>Who makes an artifact, as others read it.</summary>
/// <param name="Owner">Of one job, different for every one.</param>
/// <param name="Host">Machine name, for people.</param>
/// <param name="Pid">Process id, for people.</param>
/// <param name="Time">When this was written by the owner's clock, for people; others only see that it changes.</param>
/// <param name="Beat">Counts the signs of life.</param>
internal sealed record LeaseValue(string Owner, string Host, int Pid, DateTimeOffset Time, long Beat);
