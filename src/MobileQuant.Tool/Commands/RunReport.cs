using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Commands;

/// <summary>Ends the output of a run that gave one text.</summary>
internal static class RunReport
{
    /// <summary>Prints the result as JSON, or the last line for people after the text that was streamed.</summary>
    public static void Write(ToolConsole console, string model, string text, GenerationStatistics statistics, double loadSeconds, string kernelPath, int threads, bool json)
    {
        RunResult result = new(
            model,
            text,
            statistics.PromptTokens,
            statistics.GeneratedTokens,
            StopName(statistics.StopReason),
            Math.Round(statistics.PrefillTokensPerSecond, 2),
            Math.Round(statistics.DecodeTokensPerSecond, 2),
            Math.Round(loadSeconds, 4),
            kernelPath,
            threads);
        if (json)
        {
            console.Out.WriteLine(ToolJson.Text(result, ToolJson.Indented.RunResult));
            return;
        }

        console.Out.WriteLine();
        console.Error.WriteLine(FormattableString.Invariant(
            $"[{result.NewTokens} tokens at {result.DecodeTokensPerSecond:0.0}/s after a prompt of {result.PromptTokens} at {result.PrefillTokensPerSecond:0.0}/s; {result.KernelPath}, {result.Threads} threads; stopped: {result.StopReason}]"));
    }

    private static string StopName(StopReason reason) => reason switch
    {
        StopReason.EndOfText => "endOfText",
        StopReason.MaxTokens => "maxTokens",
        StopReason.ContextFull => "contextFull",
        _ => "none",
    };
}
