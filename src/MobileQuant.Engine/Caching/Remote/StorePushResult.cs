namespace MobileQuant.Caching.Remote;

/// <summary>What publishing the entries of a store did, by their keys.</summary>
/// <param name="Published">Those that the remote cache lacked and has now.</param>
/// <param name="Present">Those that it had.</param>
/// <param name="Damaged">Those that did not match their digests: put aside and not sent.</param>
/// <param name="Bytes">Size of the published artifacts, before compression.</param>
internal sealed record StorePushResult(IReadOnlyList<string> Published, IReadOnlyList<string> Present, IReadOnlyList<string> Damaged, long Bytes);
