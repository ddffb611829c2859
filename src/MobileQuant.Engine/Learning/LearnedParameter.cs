using System.Runtime.InteropServices;

namespace MobileQuant.Learning;

/// <summary>
/// Some values that are learned, with their gradient and the moments of Adam (Kingma and Ba, 2015; the paper's AdamW has no decay):
/// <code>
/// m = 0.9 m + 0.1 g,   v = 0.999 v + 0.001 g^2,   x = x - rate * (m / (1 - 0.9^t)) / (sqrt(v / (1 - 0.999^t)) + 1e-8)
/// </code>
/// </summary>
internal sealed class LearnedParameter
{
    private const double FirstDecay = 0.9;
    private const double SecondDecay = 0.999;
    private const double Epsilon = 1e-8;

    private readonly float[] _firstMoment;
    private readonly float[] _secondMoment;
    private readonly float _bound;
    private int _updates;

    /// <param name="kind">Decides the learning rate.</param>
    /// <param name="values">Where learning starts; changed in place.</param>
    /// <param name="bound">Largest absolute value.</param>
    public LearnedParameter(LearnedKind kind, float[] values, float bound = float.MaxValue)
    {
        Kind = kind;
        Values = values;
        Gradient = new double[values.Length];
        _firstMoment = new float[values.Length];
        _secondMoment = new float[values.Length];
        _bound = bound;
    }

    public LearnedKind Kind { get; }

    public float[] Values { get; }

    /// <summary>Of the step's loss; steps add to it.</summary>
    public double[] Gradient { get; }

    public bool HasFiniteGradient => Array.TrueForAll(Gradient, double.IsFinite);

    /// <summary>Goes one step, and forgets the gradient.</summary>
    public void Update(double rate)
    {
        _updates++;
        double first = 1 / (1 - Math.Pow(FirstDecay, _updates));
        double second = 1 / (1 - Math.Pow(SecondDecay, _updates));
        for (int i = 0; i < Values.Length; i++)
        {
            double gradient = Gradient[i];
            double m = (FirstDecay * _firstMoment[i]) + ((1 - FirstDecay) * gradient);
            double v = (SecondDecay * _secondMoment[i]) + ((1 - SecondDecay) * gradient * gradient);
            (_firstMoment[i], _secondMoment[i]) = ((float)m, (float)v);
            double value = Values[i] - (rate * m * first / (Math.Sqrt(v * second) + Epsilon));
            Values[i] = (float)Math.Clamp(value, -_bound, _bound);
        }

        ClearGradient();
    }

    public void ClearGradient() => Array.Clear(Gradient);

    public void Write(BinaryWriter writer)
    {
        writer.Write(_updates);
        foreach (float[] array in (float[][])[Values, _firstMoment, _secondMoment])
        {
            writer.Write(MemoryMarshal.AsBytes(array.AsSpan()));
        }
    }

    public void Read(BinaryReader reader)
    {
        _updates = reader.ReadInt32();
        foreach (float[] array in (float[][])[Values, _firstMoment, _secondMoment])
        {
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(array.AsSpan()));
        }
    }
}
