using System.Runtime.InteropServices;
using MobileQuant.Modeling;
using TorchSharp;

namespace MobileQuant.Calibration;

/// <summary>Draws calibration windows from the float model itself, at temperature 1, for users who give no text.</summary>
public static class ModelSampler
{
    private const long CacheBytes = 64L << 20;
    private const int MostSequences = 64;

    /// <summary>Samples windows. Each starts with the token that opens a text; where the model ends a text, the next one is opened.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="count">Windows.</param>
    /// <param name="length">Tokens of a window, at most the context.</param>
    /// <param name="seed">Decides everything random.</param>
    /// <param name="progress">Told in tokens, as step <c>calibrate</c>.</param>
    /// <param name="cancellationToken">Stops between tokens.</param>
    /// <returns>The windows.</returns>
    public static CalibrationSet Sample(
        DecoderModel model, int count, int length, int seed, IProgress<QuantizationEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        DecoderArchitecture a = model.Architecture;
        long perSequence = 2L * a.LayerCount * a.KeyValueHeadCount * a.HeadSize * length * sizeof(float);
        int batch = (int)Math.Clamp(CacheBytes / Math.Max(perSequence, 1), 1, Math.Min(MostSequences, count));
        List<int[]> windows = [];
        while (windows.Count < count)
        {
            int size = Math.Min(batch, count - windows.Count);
            windows.AddRange(SampleBatch(model, size, length, seed + windows.Count, (done, total) => progress?.Report(
                new QuantizationEvent.Progress("calibrate", "sampling calibration text from the model", (windows.Count * (long)length) + done, (long)count * length)), cancellationToken));
        }

        return new(windows, "sampled");
    }

    private static int[][] SampleBatch(DecoderModel model, int size, int length, int seed, Action<long, long> report, CancellationToken cancellationToken)
    {
        DecoderArchitecture a = model.Architecture;
        Random[] randoms = [.. Enumerable.Range(0, size).Select(i => new Random(seed + i))];
        int[][] windows = [.. randoms.Select(_ => new int[length])];
        long[] current = new long[size];
        for (int i = 0; i < size; i++)
        {
            current[i] = windows[i][0] = Opening(a) ?? randoms[i].Next(a.VocabularySize);
        }

        using KeyValueCache cache = new(a, size, length);
        for (int position = 1; position < length; position++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using torch.Tensor ids = torch.tensor(current, [size, 1]);
            using torch.Tensor hidden = model.ForwardHidden(ids, cache: cache);
            using torch.Tensor logits = model.ComputeLogits(hidden);
            using torch.Tensor computed = logits.softmax(-1);
            using torch.Tensor probabilities = computed.cpu();
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(probabilities.bytes);
            for (int i = 0; i < size; i++)
            {
                int previous = (int)current[i];
                int next = a.EndTokens.Contains(previous) && Opening(a) is { } opening && previous != opening
                    ? opening
                    : Draw(values.Slice(i * a.VocabularySize, a.VocabularySize), randoms[i].NextDouble());
                current[i] = windows[i][position] = next;
            }

            report((long)position * size, (long)length * size);
        }

        return windows;
    }

    private static int? Opening(DecoderArchitecture a) => a.BeginToken ?? (a.EndTokens is [int end, ..] ? end : null);

    private static int Draw(ReadOnlySpan<float> probabilities, double point)
    {
        double sum = 0;
        int last = 0;
        for (int i = 0; i < probabilities.Length; i++)
        {
            if (probabilities[i] > 0)
            {
                sum += probabilities[i];
                last = i;
                if (sum > point)
                {
                    break;
                }
            }
        }

        return last;
    }
}
