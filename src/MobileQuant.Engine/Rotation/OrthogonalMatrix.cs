using TorchSharp;

namespace MobileQuant.Rotation;

/// <summary>
/// Orthogonal matrices of any size whose entries are all about equally large, so that they spread one loud channel over all:
/// R = D (H x C), with random signs D, a Walsh-Hadamard matrix H of the largest power of two that divides the size, and for the
/// odd rest m the Hartley matrix C_jk = (cos(2 pi jk / m) + sin(2 pi jk / m)) / sqrt(m). No entry is above sqrt(2 / size).
/// </summary>
internal static class OrthogonalMatrix
{
    /// <summary>Creates a matrix.</summary>
    /// <param name="size">Rows and columns.</param>
    /// <param name="random">Gives the signs.</param>
    /// <returns>float64 [size, size], detached from any dispose scope.</returns>
    public static torch.Tensor Create(int size, Random random)
    {
        int power = size & -size;
        int odd = size / power;
        double[] entries = new double[(long)size * size];
        double scale = 1 / Math.Sqrt(size);
        for (int row = 0; row < size; row++)
        {
            double sign = random.Next(2) == 0 ? scale : -scale;
            for (int column = 0; column < size; column++)
            {
                double hadamard = (int.PopCount(row / odd & column / odd) & 1) == 0 ? sign : -sign;
                entries[(row * size) + column] = hadamard * Hartley(row % odd, column % odd, odd);
            }
        }

        return torch.tensor(entries, [size, size]).DetachFromDisposeScope();
    }

    private static double Hartley(int j, int k, int size)
    {
        // The product is reduced first: a small angle keeps its digits.
        (double sine, double cosine) = Math.SinCos(2 * Math.PI * ((long)j * k % size) / size);
        return cosine + sine;
    }
}
