using MobileQuant.Caching;
using MobileQuant.Tool.Commands;

namespace MobileQuant.Tool.Output;

/// <summary>Progress as JSON lines on standard output, for programs (<c>--events</c>).</summary>
internal sealed class EventLines(TextWriter output) : IProgress<QuantizationEvent>
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly Throttle _throttle = new(Pause);

    /// <inheritdoc/>
    public void Report(QuantizationEvent value)
    {
        lock (_gate)
        {
            switch (value)
            {
                case QuantizationEvent.Progress progress when _throttle.Passes(progress):
                    output.WriteLine(ToolJson.Text(new ProgressEvent("progress", progress.Step, progress.Text, progress.Done, progress.Total), ToolJson.Lines.ProgressEvent));
                    break;
                case QuantizationEvent.Message message:
                    output.WriteLine(ToolJson.Text(new MessageEvent("message", message.Text), ToolJson.Lines.MessageEvent));
                    break;
                case QuantizationEvent.Fingerprinted { Fingerprint: var fingerprint }:
                    foreach (FingerprintEntry entry in fingerprint.Entries)
                    {
                        output.WriteLine(ToolJson.Text(new FingerprintEvent("fingerprint", entry.Name, entry.Sha256, entry.Text), ToolJson.Lines.FingerprintEvent));
                    }

                    break;
                case QuantizationEvent.Warning warning:
                    output.WriteLine(ToolJson.Text(new WarningEvent("warning", warning.Code, warning.Text, null), ToolJson.Lines.WarningEvent));
                    break;
            }

            output.Flush();
        }
    }

    public void Result(QuantizationResult result)
    {
        lock (_gate)
        {
            ResultEvent line = new(
                "result",
                result.OutputPath,
                result.Bytes,
                Math.Round(result.Elapsed.TotalSeconds, 3),
                result.PeakMemoryBytes,
                result.CacheHit ? "hit" : "miss",
                CommonOptions.NameOf(result.From),
                result.Fingerprint,
                result.MissReason,
                result.Quality?.Perplexity?.Increase,
                result.Quality?.WorstSites.FirstOrDefault()?.Decibels);
            output.WriteLine(ToolJson.Text(line, ToolJson.Lines.ResultEvent));
            output.Flush();
        }
    }
}
