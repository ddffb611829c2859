using MobileQuant.Quantization;

namespace MobileQuant.Learning;

/// <summary>
/// The share of its weights' range that each scale of a matrix covers: min' = sigmoid(l) min, max' = sigmoid(u) max (OmniQuant,
/// arXiv 2308.13137). Without clipping both shares are 1.
/// </summary>
internal sealed class LearnedClip
{
    /// <summary>Logit that a share starts from: sigmoid(4) = 0.982.</summary>
    private const float FirstLogit = 4;

    private const float LargestLogit = 12;

    private readonly float[] _lower;
    private readonly float[] _upper;

    /// <param name="count">Scales of the matrix.</param>
    /// <param name="start">What they cover so far; null: everything.</param>
    /// <param name="ranges">The weights' ranges, one per scale, where there is a start.</param>
    /// <param name="isLearned">Whether shares change.</param>
    public LearnedClip(int count, WeightClip? start, ReadOnlySpan<ValueRange> ranges, bool isLearned)
    {
        _lower = new float[count];
        _upper = new float[count];
        Array.Fill(_lower, 1);
        Array.Fill(_upper, 1);
        for (int i = 0; start is not null && i < count; i++)
        {
            _lower[i] = ranges[i].Minimum < 0 ? start.Minimum[i] / ranges[i].Minimum : 1;
            _upper[i] = ranges[i].Maximum > 0 ? start.Maximum[i] / ranges[i].Maximum : 1;
        }

        if (isLearned)
        {
            Lower = new(LearnedKind.Clip, start is null ? Filled(count) : Array.ConvertAll(_lower, Logit), LargestLogit);
            Upper = new(LearnedKind.Clip, start is null ? Filled(count) : Array.ConvertAll(_upper, Logit), LargestLogit);
        }
    }

    /// <summary>l, or null when shares are fixed.</summary>
    public LearnedParameter? Lower { get; }

    /// <summary>u, or null when shares are fixed.</summary>
    public LearnedParameter? Upper { get; }

    /// <summary>The clipped range of one scale.</summary>
    public ValueRange Apply(int index, ValueRange range) => new(Share(Lower, _lower, index) * range.Minimum, Share(Upper, _upper, index) * range.Maximum);

    /// <summary>Takes the gradient by the clipped bounds of one scale, and returns that by the weights' own.</summary>
    public (double Minimum, double Maximum) AddGradient(int index, ValueRange range, double byMinimum, double byMaximum)
    {
        float lower = Share(Lower, _lower, index);
        float upper = Share(Upper, _upper, index);
        if (Lower is not null && Upper is not null)
        {
            Lower.Gradient[index] += byMinimum * range.Minimum * lower * (1 - lower);
            Upper.Gradient[index] += byMaximum * range.Maximum * upper * (1 - upper);
        }

        return (byMinimum * lower, byMaximum * upper);
    }

    private static float Share(LearnedParameter? logits, float[] shares, int index) =>
        logits is null ? shares[index] : 1 / (1 + MathF.Exp(-logits.Values[index]));

    private static float Logit(float share) => MathF.Log(share / Math.Max(1 - share, 1e-6f));

    private static float[] Filled(int count)
    {
        float[] logits = new float[count];
        Array.Fill(logits, FirstLogit);
        return logits;
    }
}
