using System.Runtime.InteropServices;
using MobileQuant.Artifacts;
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
}
