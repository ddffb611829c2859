namespace MobileQuant.Calibration;

/// <summary>Smallest and largest value per channel.</summary>
/// <param name="Minimum">[channels].</param>
/// <param name="Maximum">[channels].</param>
public sealed record ChannelRange(float[] Minimum, float[] Maximum)
{
    /// <summary>max(|minimum|, |maximum|) per channel.</summary>
    /// <returns>[channels].</returns>
    public float[] AbsoluteMaximum()
    {
        float[] result = new float[Minimum.Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = Math.Max(Math.Abs(Minimum[i]), Math.Abs(Maximum[i]));
        }

        return result;
    }

    /// <summary>The ranges after each channel is divided by a positive number.</summary>
    /// <param name="divisors">[channels].</param>
    /// <returns>New ranges.</returns>
    public ChannelRange Divide(ReadOnlySpan<float> divisors)
    {
        float[] minimum = new float[Minimum.Length];
        float[] maximum = new float[Maximum.Length];
        for (int i = 0; i < minimum.Length; i++)
        {
            minimum[i] = Minimum[i] / divisors[i];
            maximum[i] = Maximum[i] / divisors[i];
        }

        return new(minimum, maximum);
    }
}
