using MobileQuant.Evaluation.Reporting.Charts;

namespace MobileQuant.Tests.Evaluation.Reporting;

public class ChartAxisTests
{
    [Fact]
    public void A_linear_axis_ends_at_round_numbers()
    {
        ChartAxis axis = ChartAxis.Linear([12.3, 38.9], start: 300, end: 0, most: 6);
        Assert.Equal([10, 15, 20, 25, 30, 35, 40], axis.Ticks);
        Assert.Equal(300, axis.Map(10), 9);
        Assert.Equal(0, axis.Map(40), 9);
        Assert.Equal(150, axis.Map(25), 9);
        Assert.Equal(0, axis.Map(99), 9);
    }

    [Fact]
    public void A_logarithmic_axis_marks_decades_or_one_two_five()
    {
        ChartAxis axis = ChartAxis.Logarithmic([0.02, 31], start: 0, end: 400);
        Assert.Equal([0.01, 0.1, 1, 10, 100], axis.Ticks.Select(tick => Math.Round(tick, 9)));
        Assert.Equal(200, axis.Map(1), 6);
        Assert.Equal(0, axis.Map(0), 6);
        Assert.Equal([2, 5, 10], ChartAxis.Logarithmic([2.1, 9], 0, 400).Ticks.Select(tick => Math.Round(tick, 9)));
        Assert.Equal([3, 3.1, 3.2, 3.3, 3.4], ChartAxis.Logarithmic([3, 3.4], 0, 400).Ticks.Select(tick => Math.Round(tick, 9)));
    }

    [Theory]
    [InlineData(new double[0])]
    [InlineData(new[] { 0.0 })]
    [InlineData(new[] { 7.0, 7.0 })]
    [InlineData(new[] { 1e-30, 2e-30 })]
    [InlineData(new[] { -1e12, 1e12 })]
    public void Every_axis_has_marks_in_order_within_its_ends(double[] values)
    {
        ChartAxis[] axes =
        [
            ChartAxis.Linear(values, 0, 100, 6), ChartAxis.Linear(values, 0, 100, 6, isWhole: true),
            ChartAxis.Logarithmic([.. values.Where(value => value > 0)], 0, 100),
        ];
        foreach (ChartAxis axis in axes)
        {
            Assert.InRange(axis.Ticks.Count, values.Length > 0 && values[0] == 1e-30 ? 0 : 1, 20);
            Assert.Equal(axis.Ticks.Order(), axis.Ticks);
            Assert.All(axis.Ticks.Concat(values), value => Assert.InRange(axis.Map(value), 0, 100));
        }
    }
}
