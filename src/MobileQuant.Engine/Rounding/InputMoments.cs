using System.Runtime.InteropServices;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Rounding;

/// <summary>
/// Second moments H = X^T X of what a linear layer reads: how much an error in one column of its weight costs, and which other
/// columns can make up for it.
/// </summary>
internal sealed class InputMoments : IDisposable
{
    /// <summary>Added to the diagonal, as a part of its mean; raised tenfold as long as the matrix has no Cholesky factor.</summary>
    public const double Damping = 0.01;

    /// <summary>Panels of columns: only those on and right of the diagonal are formed, which saves 3 of 8 products.</summary>
    private const int Panels = 4;

    private readonly torch.Tensor _sum;

    /// <summary>Nothing seen yet.</summary>
    /// <param name="size">Columns.</param>
    public InputMoments(int size) => _sum = torch.zeros(size, size, torch.float64, ComputeDevice.Current).DetachFromDisposeScope();

    /// <summary>Adds rows.</summary>
    /// <param name="x">float32 [..., size].</param>
    public void Add(torch.Tensor x)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        long size = _sum.shape[0];
        torch.Tensor rows = x.reshape(-1, size);
        long panel = (size + Panels - 1) / Panels;
        for (long first = 0; first < size; first += panel)
        {
            long width = Math.Min(panel, size - first);
            torch.Tensor product = torch.matmul(rows.narrow(1, first, width).t(), rows.narrow(1, first, size - first));
            _sum.narrow(0, first, width).narrow(1, first, size - first).add_(product);
        }
    }

    /// <summary>What the rounding of a weight with these inputs needs.</summary>
    /// <exception cref="MobileQuantException">MQ3023: an input was not finite.</exception>
    public FeedbackFactor Factor()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        double[] diagonal = [.. MemoryMarshal.Cast<byte, double>(_sum.diagonal().contiguous().cpu().bytes)];
        double mean = diagonal.Average();
        if (!double.IsFinite(mean))
        {
            throw new MobileQuantException("MQ3023", "A linear layer's input overflowed while calibrating.", "Check the checkpoint: its activations on the calibration text are not finite.");
        }

        // The columns that matter most come first: they keep the most columns to spread their errors over.
        int[] order = [.. Enumerable.Range(0, diagonal.Length).OrderByDescending(column => diagonal[column]).ThenBy(column => column)];
        torch.Tensor lower = Cholesky(order, mean > 0 ? mean : 1);

        // With columns reversed, H = L L^T; then U = L^-1 reversed back is upper triangular and U^T U = H^-1.
        torch.Tensor inverse = torch.linalg.solve_triangular(lower, torch.eye(lower.shape[0], lower.shape[0], torch.float64, lower.device), upper: false);
        torch.Tensor factor = inverse.flip(0, 1);
        torch.Tensor spread = factor / factor.diagonal().unsqueeze(1);
        return new(order, [.. MemoryMarshal.Cast<byte, float>(spread.to(torch.float32).contiguous().cpu().bytes)]);
    }

    /// <inheritdoc/>
    public void Dispose() => _sum.Dispose();

    private torch.Tensor Cholesky(int[] order, double mean)
    {
        torch.Tensor reversed = torch.tensor(order.Reverse().Select(column => (long)column).ToArray(), device: _sum.device);
        torch.Tensor whole = _sum.triu() + _sum.triu(1).t();
        torch.Tensor sorted = whole.index_select(0, reversed).index_select(1, reversed);
        for (double damping = Damping; ; damping *= 10)
        {
            torch.Tensor damped = sorted.clone();
            damped.diagonal().Increase(damping * mean);
            (torch.Tensor lower, torch.Tensor info) = torch.linalg.cholesky_ex(damped);
            if (info.item<int>() == 0)
            {
                return lower;
            }
        }
    }
}
