using MobileQuant.Evaluation.Reporting;

namespace MobileQuant.Tests.Evaluation.Reporting;

public class FiguresTests
{
    [Theory]
    [InlineData(8.61583, "8.6158")]
    [InlineData(10.36613, "10.366")]
    [InlineData(813.4, "813.40")]
    [InlineData(813_240.4, "813240")]
    [InlineData(8.1e8, "8.1000e8")]
    [InlineData(0, "0")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "\u221e")]
    public void Perplexities_have_five_digits(double value, string text) => Assert.Equal(text, Figures.Perplexity(value));

    [Theory]
    [InlineData(0.0284, "+2.84")]
    [InlineData(-0.00104, "-0.10")]
    [InlineData(-0.00001, "0.00")]
    [InlineData(0.00001, "0.00")]
    [InlineData(0.312, "+31.2")]
    [InlineData(3.1, "+310")]
    [InlineData(1e5, "+1.0e7")]
    [InlineData(double.PositiveInfinity, "\u221e")]
    public void Differences_are_percent_with_a_sign(double share, string text) => Assert.Equal(text, Figures.Difference(share));

    [Fact]
    public void Tables_of_markdown_are_aligned_and_hold_no_markup()
    {
        System.Text.StringBuilder output = new();
        MarkdownTable.Write(output, new([new("recipe"), new("loss, %", true)], [["a|b<i>", "+1"], ["long name\nx", "+10.25"]]));
        Assert.Equal(
            """
            | recipe            | loss, % |
            |-------------------|--------:|
            | a\|b&lt;i&gt;     |      +1 |
            | long name\\u000ax |  +10.25 |

            """.ReplaceLineEndings("\n"),
            output.ToString());
    }
}
