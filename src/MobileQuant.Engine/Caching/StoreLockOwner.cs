namespace MobileQuant.Caching;

/// <summary>Who holds a lock, for the message of those that wait.</summary>
/// <param name="Pid">Process id.</param>
/// <param name="Host">Machine name.</param>
internal sealed record StoreLockOwner(int Pid, string Host);
