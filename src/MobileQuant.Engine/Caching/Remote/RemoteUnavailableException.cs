namespace MobileQuant.Caching.Remote;

/// <summary>The remote cache did not answer, or with a failure of its own.</summary>
internal sealed class RemoteUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
