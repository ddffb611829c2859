using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>Loops over parts of a tensor on torch's number of threads. The parts never depend on that number, so no sum does.</summary>
internal static class Segments
{
    /// <summary>Rows that a part has, so that there are about <paramref name="parts"/> of them.</summary>
    public static int Length(int rows, int parts) => Math.Max(1, (rows + parts - 1) / parts);

    /// <summary>Number of parts of a length.</summary>
    public static int Count(int rows, int length) => (rows + length - 1) / length;

    public static void ForEach(int count, Action<int> body)
    {
        int threads = torch.get_num_threads();
        if (count == 1 || threads == 1)
        {
            for (int i = 0; i < count; i++)
            {
                body(i);
            }
        }
        else
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, body);
        }
    }
}
