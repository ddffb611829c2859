namespace MobileQuant.Caching.Remote;

/// <summary>The remote cache answered with something that must not be used.</summary>
internal sealed class RemoteValueException(string message, Exception? inner = null) : Exception(message, inner);
