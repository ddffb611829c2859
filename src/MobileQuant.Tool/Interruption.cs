using System.Runtime.InteropServices;

namespace MobileQuant.Tool;

/// <summary>
/// Ctrl-C and termination requests as a cancellation token: the first lets commands stop in order, a second one ends the
/// process at once (temporary files are deleted even then).
/// </summary>
internal sealed class Interruption : IDisposable
{
    private static volatile Func<bool>? s_handler;

    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    public Interruption()
    {
        foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT])
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, Handle));
        }
    }

    /// <summary>Lets a command have Ctrl-C for itself, for as long as the result is not disposed.</summary>
    /// <param name="handler">Called on a thread of its own; false: the signal is to end the command after all.</param>
    /// <returns>Gives Ctrl-C back.</returns>
    public static IDisposable Divert(Func<bool> handler)
    {
        s_handler = handler;
        return new Diversion();
    }

    /// <summary>Cancelled on the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (context.Signal == PosixSignal.SIGINT && s_handler is { } handler && handler())
        {
            return;
        }

        if (_source.IsCancellationRequested)
        {
            Environment.Exit(ExitCodes.Cancelled);
        }

        _source.Cancel();
    }

    private sealed class Diversion : IDisposable
    {
        public void Dispose() => s_handler = null;
    }
}
