using MobileQuant.Evaluation.Quality;

namespace MobileQuant.Tests.Evaluation.Quality;

public class QualityLimitsTests
{
    [Theory]
    [InlineData("10%", 0.1)]
    [InlineData(" 2.5 % ", 0.025)]
    [InlineData("0.1", 0.1)]
    [InlineData("0", 0.0)]
    [InlineData("0%", 0.0)]
    [InlineData("150%", 1.5)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void An_increase_is_a_percentage_or_a_share(string? text, double? expected) =>
        Assert.Equal(expected, QualityLimits.Parse(text, null).MaxPerplexityIncrease);

    [Theory]
    [InlineData("10")]
    [InlineData("1")]
    [InlineData("-1%")]
    [InlineData("0,1")]
    [InlineData("%")]
    [InlineData("ten percent")]
    [InlineData("NaN")]
    [InlineData("1e-2")]
    public void What_could_mean_something_else_is_no_increase(string text) =>
        Assert.Equal("MQ1031", Assert.Throws<MobileQuantException>(() => QualityLimits.Parse(text, null)).Code);

    [Theory]
    [InlineData("15", 15.0)]
    [InlineData("12.5", 12.5)]
    [InlineData("0", 0.0)]
    [InlineData(" ", null)]
    public void A_ratio_is_a_number_of_decibels(string text, double? expected) =>
        Assert.Equal(expected, QualityLimits.Parse(null, text).MinSqnr);

    [Theory]
    [InlineData("-3")]
    [InlineData("1000")]
    [InlineData("high")]
    [InlineData("15 V")]
    public void Other_words_are_no_ratio(string text) =>
        Assert.Equal("MQ1032", Assert.Throws<MobileQuantException>(() => QualityLimits.Parse(null, text)).Code);

    [Fact]
    public void Values_that_no_text_can_say_are_refused_too()
    {
        Assert.Equal("MQ1031", Assert.Throws<MobileQuantException>(new QualityLimits(double.NaN).Validate).Code);
        Assert.Equal("MQ1031", Assert.Throws<MobileQuantException>(new QualityLimits(-0.1).Validate).Code);
        Assert.Equal("MQ1032", Assert.Throws<MobileQuantException>(new QualityLimits(0.1, double.PositiveInfinity).Validate).Code);
        new QualityLimits(0, 0).Validate();
    }
}
