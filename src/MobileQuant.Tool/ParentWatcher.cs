using MobileQuant.Caching;

namespace MobileQuant.Tool;

/// <summary>
/// Ends the work when the process that asked for it is gone: a build that was killed cannot tell its tool to stop.
/// First by cancelling, which leaves nothing half-written; if that takes too long by ending the process, which deletes
/// temporary files on its way out.
/// </summary>
internal sealed class ParentWatcher : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(1250);

    private readonly CancellationTokenSource _source;
    private readonly ManualResetEventSlim _finished = new();
    private readonly Thread? _thread;

    /// <param name="parent">Process id to watch, or null for none.</param>
    /// <param name="cancellationToken">Also cancels <see cref="Token"/>.</param>
    public ParentWatcher(int? parent, CancellationToken cancellationToken)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Token = _source.Token;
        if (parent is { } pid)
        {
            _thread = new Thread(() => Watch(pid)) { IsBackground = true, Name = "parent watcher" };
            _thread.Start();
        }
    }

    /// <summary>Cancelled when the parent is gone.</summary>
    public CancellationToken Token { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _finished.Set();
        _thread?.Join();
        _finished.Dispose();
        _source.Dispose();
    }

    private void Watch(int pid)
    {
        while (ProcessIdentity.IsAlive(pid))
        {
            if (_finished.Wait(Poll))
            {
                return;
            }
        }

        _source.Cancel();
        if (!_finished.Wait(Grace))
        {
            Environment.Exit(ExitCodes.Cancelled);
        }
    }
}
