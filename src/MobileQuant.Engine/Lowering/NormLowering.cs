using System.Runtime.InteropServices;
using MobileQuant.Arithmetic;
using MobileQuant.Artifacts;
using MobileQuant.Export;
using MobileQuant.Modeling;
using MobileQuant.Programs;

namespace MobileQuant.Lowering;

/// <summary>Lowers a norm: gains (a gain + 1 is formed here, and no longer known behind) and biases in the unit of its output.</summary>
internal sealed class NormLowering
{
    private readonly NormWeights _weights;
    private readonly double _offset;
    private readonly double _scale;

    public NormLowering(NormKind kind, NormWeights weights)
    {
        _weights = weights;
        _offset = kind == NormKind.RmsGainPlusOne ? 1 : 0;
        Form = kind == NormKind.Layer ? NormForm.Layer : NormForm.RootMeanSquare;
        float[] gains = Gains();
        int bits = InverseRoot.FractionBits(gains.Length);
        _scale = gains.Max(MathF.Abs);
        if (Form == NormForm.Layer)
        {
            _scale = Math.Max(_scale, Math.ScaleB(Biases(gains.Length).Max(MathF.Abs), bits) / LayerNorm.BiasLimit);
        }

        // A norm of zeros still needs a scale.
        _scale = _scale > 0 ? _scale : 1;
        Unit = Math.ScaleB(_scale, -bits);
    }

    /// <summary>What it computes.</summary>
    public NormForm Form { get; }

    /// <summary>
    /// Real value of one step of the output: <see cref="InverseRoot.FractionBits"/> below the largest |gain|, or coarser where a
    /// bias would not fit.
    /// </summary>
    public double Unit { get; }

    /// <summary>Adds the norm's tensors to a file.</summary>
    /// <param name="writer">The file.</param>
    /// <param name="gains">Name of the gains.</param>
    /// <param name="biases">Name of the biases, where the norm has them.</param>
    public void AddTo(ArtifactWriter writer, string gains, string biases)
    {
        float[] all = Gains();
        Add(writer, gains, all, g => Math.ScaleB(g / _scale, NormProgram.GainBits));
        if (Form == NormForm.Layer)
        {
            Add(writer, biases, Biases(all.Length), b => b / Unit);
        }
    }

    private static void Add(ArtifactWriter writer, string name, float[] values, Func<float, double> toCode)
    {
        int[] codes = [.. values.Select(value => (int)Math.Round(toCode(value)))];
        writer.Add(name, "I32", [codes.Length], MemoryMarshal.AsBytes(codes.AsSpan()).ToArray());
    }

    // In float32, as the float model adds.
    private float[] Gains() => [.. _weights.Gain.data<float>().Select(gain => (float)(gain + _offset))];

    private float[] Biases(int size) => _weights.Bias?.data<float>().ToArray() ?? new float[size];
}
