using System.Runtime.InteropServices;
using MobileQuant.Artifacts;
using MobileQuant.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Modeling;

/// <summary>Reference outputs and small conversions that the model tests share.</summary>
internal static class Golden
{
    public static float[] Floats(SafetensorsFile file, string name) =>
        MemoryMarshal.Cast<byte, float>(file.GetBytes(file.GetTensor(name))).ToArray();

    public static int[] Integers(SafetensorsFile file, string name) =>
        MemoryMarshal.Cast<byte, int>(file.GetBytes(file.GetTensor(name))).ToArray();

    public static torch.Tensor Ids(ReadOnlySpan<int> ids, int batch = 1)
    {
        TorchRuntime.EnsureLoaded();
        long[] wide = new long[ids.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            wide[i] = ids[i];
        }

        return torch.tensor(wide, [batch, ids.Length / batch]);
    }

    public static float[] Values(torch.Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.contiguous().bytes).ToArray();

    public static float MaximumDifference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        float largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(float.IsFinite(actual[i]));
            largest = Math.Max(largest, Math.Abs(expected[i] - actual[i]));
        }

        return largest;
    }

    /// <summary>
    /// The reference outputs of the fixtures were made by a model that had been cast to the checkpoint's type and back, rotary
    /// frequencies included; those of the trained models were not. Rounding the frequencies alike makes the comparison exact.
    /// </summary>
    public static double[] FixtureFrequencies(string folder, DecoderArchitecture architecture)
    {
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
        double[] exact = architecture.Rotary.InverseFrequencies(architecture.HeadSize);
        return file.GetTensor("model.norm.weight").DType switch
        {
            "BF16" => [.. exact.Select(f => (double)RoundToBrain((float)f))],
            "F16" => [.. exact.Select(f => (double)(Half)f)],
            _ => exact,
        };
    }

    private static float RoundToBrain(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000);
    }
}
