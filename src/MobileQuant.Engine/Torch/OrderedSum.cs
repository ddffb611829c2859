using System.Runtime.InteropServices;
using TorchSharp;

namespace MobileQuant.Torch;

/// <summary>
/// Sums of all elements that are the same on any number of threads. Torch splits a sum of everything into as many parts as there are
/// threads, so its last digits depend on their number; a sum of a row is never split.
/// </summary>
internal static class OrderedSum
{
    /// <summary>The sum.</summary>
    /// <param name="x">float32, any shape.</param>
    public static double Of(torch.Tensor x)
    {
        using torch.Tensor matrix = x.reshape(-1, x.shape[^1]);

        // A single row would be a sum of everything again.
        using torch.Tensor rows = matrix.shape[0] == 1 ? matrix.contiguous() : matrix.sum(-1);
        using torch.Tensor here = rows.cpu();
        double sum = 0;
        foreach (float row in MemoryMarshal.Cast<byte, float>(here.bytes))
        {
            sum += row;
        }

        return sum;
    }

    /// <summary>The mean.</summary>
    /// <param name="x">float32, any shape.</param>
    public static double MeanOf(torch.Tensor x) => Of(x) / x.numel();
}
