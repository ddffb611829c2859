namespace MobileQuant.Caching.Remote;

/// <summary>A remote store whose operations end in time, and fail in one of two ways.</summary>
internal sealed class RemoteGuard(IRemoteStore store, TimeSpan timeout)
{
    private volatile bool _isClosed;

    /// <summary>Whether nothing is asked any more.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Ends it: what is asked from now on fails at once.</summary>
    public void Close() => _isClosed = true;

    /// <summary>Reads a value; null when there is none.</summary>
    /// <exception cref="RemoteUnavailableException">It failed, or took too long.</exception>
    /// <exception cref="RemoteValueException">The value is larger than it may be.</exception>
    public byte[]? Get(string name, int maximumBytes, CancellationToken cancellationToken)
    {
        byte[]? value = Run(token => store.GetAsync(name, maximumBytes, token), cancellationToken);
        return value is null || value.Length <= maximumBytes ? value : throw new RemoteValueException($"{name} has {value.Length} bytes; expected at most {maximumBytes}");
    }

    /// <summary>Writes a value.</summary>
    /// <exception cref="RemoteUnavailableException">It failed, or took too long.</exception>
    public void Set(string name, byte[] value, TimeSpan? lifetime, CancellationToken cancellationToken) =>
        Run(
            async token =>
            {
                await store.SetAsync(name, value, lifetime, token).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    /// <summary>Writes a value where there is none.</summary>
    /// <exception cref="RemoteUnavailableException">It failed, or took too long.</exception>
    public bool TryAdd(string name, byte[] value, TimeSpan lifetime, CancellationToken cancellationToken) =>
        Run(token => store.TryAddAsync(name, value, lifetime, token), cancellationToken);

    /// <summary>Removes a value.</summary>
    /// <exception cref="RemoteUnavailableException">It failed, or took too long.</exception>
    public void Remove(string name, CancellationToken cancellationToken) =>
        Run(
            async token =>
            {
                await store.RemoveAsync(name, token).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    private T Run<T>(Func<CancellationToken, Task<T>> operation, CancellationToken cancellationToken)
    {
        if (_isClosed)
        {
            throw new RemoteUnavailableException("it failed before");
        }

        // A store need not know of cancelling: what was not begun then must not be.
        cancellationToken.ThrowIfCancellationRequested();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            // On another thread, and not waited for beyond the limit: a store may block, and may not know of cancelling.
            return Task.Run(() => operation(limit.Token), CancellationToken.None).WaitAsync(limit.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OperationCanceledException e)
        {
            throw new RemoteUnavailableException(FormattableString.Invariant($"no answer within {timeout.TotalSeconds:0.###} s"), e);
        }
        catch (InvalidDataException e)
        {
            throw new RemoteValueException(e.Message, e);
        }
#pragma warning disable CA1031 // Whatever a store throws, a build goes on without it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            throw new RemoteUnavailableException(FirstSentence(e), e);
        }
    }

    // Clients append pages of their own state.
    private static string FirstSentence(Exception e)
    {
        string message = e.Message.ReplaceLineEndings(" ").Trim();
        int end = message.IndexOf(". ", StringComparison.Ordinal);
        message = end > 0 ? message[..end] : message.TrimEnd('.');
        return message.Length <= 200 ? message : message[..200] + "...";
    }
}
