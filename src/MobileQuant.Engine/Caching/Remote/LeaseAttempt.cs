namespace MobileQuant.Caching.Remote;

/// <summary>What asking for a lease gave: a lease, or somebody who holds it, or neither: nobody does, and it was not to be taken.</summary>
internal readonly record struct LeaseAttempt(RemoteLease? Lease, string? Holder);
