namespace MobileQuant.Evaluation.Comparison;

/// <summary>The largest resident set of the process while this lives, sampled twenty times a second: systems only tell the largest since the process began.</summary>
internal sealed class MemoryWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly Timer _timer;
    private long _peak;

    public MemoryWatch() => _timer = new(_ => Sample(), null, TimeSpan.Zero, Interval);

    /// <summary>The largest so far, in bytes.</summary>
    public long PeakBytes
    {
        get
        {
            Sample();
            return Interlocked.Read(ref _peak);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Sample()
    {
        long now = Environment.WorkingSet;
        for (long known = Interlocked.Read(ref _peak); now > known;)
        {
            long seen = Interlocked.CompareExchange(ref _peak, now, known);
            if (seen == known)
            {
                break;
            }

            known = seen;
        }
    }
}
