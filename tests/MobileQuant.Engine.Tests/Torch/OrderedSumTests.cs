using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Torch;

[Collection(ProcessStateGroup.Name)]
public sealed class OrderedSumTests
{
    [Theory]
    [InlineData(300, 1000)]
    [InlineData(1, 200_000)]
    [InlineData(100_000, 3)]
    public void A_sum_does_not_depend_on_the_number_of_threads(int rows, int columns)
    {
        TorchRuntime.EnsureLoaded();
        int before = torch.get_num_threads();
        try
        {
            torch.manual_seed(5);
            using torch.Tensor x = torch.randn(rows, columns);
            using torch.Tensor precise = x.to(torch.float64).sum();
            double[] sums = [.. new[] { 1, 2, 3, 7 }.Select(threads =>
            {
                torch.set_num_threads(threads);
                return OrderedSum.Of(x);
            })];

            Assert.Single(sums.Distinct());
            Assert.Equal(precise.item<double>(), sums[0], 0.05);
            Assert.Equal(sums[0] / x.numel(), OrderedSum.MeanOf(x));
        }
        finally
        {
            torch.set_num_threads(before);
        }
    }
}
