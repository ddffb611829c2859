namespace MobileQuant.Tool.Output;

/// <summary>Progress for people on standard error: one line that changes on a terminal, a line now and then elsewhere.</summary>
internal sealed class ConsoleProgress(ToolConsole console) : IProgress<QuantizationEvent>, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Throttle _throttle = new(TimeSpan.FromMilliseconds(console.IsErrorTerminal ? 100 : 3000));
    private int _shown;

    /// <inheritdoc/>
    public void Report(QuantizationEvent value)
    {
        lock (_gate)
        {
            switch (value)
            {
                case QuantizationEvent.Progress progress when _throttle.Passes(progress):
                    ShowStep(progress.Total > 0 ? $"{progress.Step}: {progress.Text} ({Percent(progress)} %)" : $"{progress.Step}: {progress.Text}");
                    break;
                case QuantizationEvent.Message message:
                    WriteLine(message.Text);
                    break;
                case QuantizationEvent.Warning warning:
                    WriteLine($"warning {warning.Code}: {warning.Text}");
                    break;
            }
        }
    }

    /// <summary>Removes the changing line, so that what follows starts on a clean one.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            Clear();
        }
    }

    private static long Percent(QuantizationEvent.Progress progress) => Math.Clamp(progress.Done * 100 / progress.Total, 0, 100);

    private void ShowStep(string text)
    {
        if (!console.IsErrorTerminal)
        {
            console.Error.WriteLine(text);
            return;
        }

        int width = Math.Max(20, Console.WindowWidth - 1);
        text = text.Length > width ? text[..width] : text;
        console.Error.Write("\r" + text.PadRight(Math.Min(_shown, width)));
        _shown = text.Length;
    }

    private void WriteLine(string text)
    {
        Clear();
        console.Error.WriteLine(text);
    }

    private void Clear()
    {
        if (_shown > 0)
        {
            console.Error.Write("\r" + new string(' ', _shown) + "\r");
            _shown = 0;
        }
    }
}
