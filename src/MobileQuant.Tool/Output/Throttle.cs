using System.Diagnostics;

namespace MobileQuant.Tool.Output;

/// <summary>Lets through a step's beginning, its end, and in between one report per pause.</summary>
internal sealed class Throttle(TimeSpan pause)
{
    private string? _step;
    private long _last;

    public bool Passes(QuantizationEvent.Progress progress)
    {
        bool news = progress.Step != _step || (progress.Total > 0 && progress.Done >= progress.Total);
        if (!news && Stopwatch.GetElapsedTime(_last) < pause)
        {
            return false;
        }

        _step = progress.Step;
        _last = Stopwatch.GetTimestamp();
        return true;
    }
}
