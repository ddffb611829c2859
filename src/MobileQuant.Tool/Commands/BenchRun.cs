using System.Diagnostics;

namespace MobileQuant.Tool.Commands;

/// <summary>Medians of several runs of one session.</summary>
/// <param name="PromptTokens">Tokens run together.</param>
/// <param name="NewTokens">Tokens run one by one.</param>
/// <param name="Repeats">Runs.</param>
/// <param name="PrefillTokensPerSecond">Median.</param>
/// <param name="DecodeTokensPerSecond">Median.</param>
/// <param name="AllocatedBytesPerToken">Median, over all threads of the process.</param>
internal sealed record BenchRun(int PromptTokens, int NewTokens, int Repeats, double PrefillTokensPerSecond, double DecodeTokensPerSecond, double AllocatedBytesPerToken)
{
    /// <summary>Measures; one more run in front warms up code and pages.</summary>
    /// <exception cref="MobileQuantException">MQ6011: more tokens than the context has room for.</exception>
    public static BenchRun Measure(GenerationSession session, int promptTokens, int newTokens, int repeats, IProgress<QuantizationEvent> progress, CancellationToken cancellationToken)
    {
        if (promptTokens + newTokens > session.ContextLength)
        {
            throw new MobileQuantException(
                "MQ6011",
                $"{promptTokens} prompt tokens and {newTokens} new ones do not fit a context of {session.ContextLength}.",
                "Use fewer tokens.");
        }

        int[] prompt = CreatePrompt(promptTokens, session.Logits.Length);
        double[] prefill = new double[repeats];
        double[] decode = new double[repeats];
        double[] allocated = new double[repeats];
        for (int i = -1; i < repeats; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress.Report(new QuantizationEvent.Progress("bench", i < 0 ? "warming up" : $"run {i + 1} of {repeats}", i + 1, repeats + 1));
            session.Reset();
            long start = Stopwatch.GetTimestamp();
            session.Prefill(prompt, null, cancellationToken);
            double prefillSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

            long bytes = GC.GetTotalAllocatedBytes(precise: true);
            start = Stopwatch.GetTimestamp();
            Decode(session, newTokens, cancellationToken);
            double decodeSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
            if (i >= 0)
            {
                prefill[i] = promptTokens / prefillSeconds;
                decode[i] = newTokens / decodeSeconds;
                allocated[i] = (double)bytes / newTokens;
            }
        }

        return new(promptTokens, newTokens, repeats, Median(prefill), Median(decode), Median(allocated));
    }

    private static void Decode(GenerationSession session, int newTokens, CancellationToken cancellationToken)
    {
        for (int n = 0; n < newTokens; n++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            session.Decode(Likeliest(session.Logits));
        }
    }

    private static int Likeliest(ReadOnlySpan<int> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return best;
    }

    private static int[] CreatePrompt(int count, int vocabulary)
    {
        // Any ids do: integer arithmetic takes the same time for all values.
        Random random = new(1);
        int[] prompt = new int[count];
        for (int i = 0; i < count; i++)
        {
            prompt[i] = random.Next(vocabulary);
        }

        return prompt;
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
