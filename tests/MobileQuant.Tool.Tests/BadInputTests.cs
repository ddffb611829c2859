using MobileQuant.Tests;
using MobileQuant.Tests.Caching;

namespace MobileQuant.Tool.Tests;

/// <summary>Whatever is wrong with what comes from outside gives one error with a code and leaves nothing behind.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("empty folder", "MQ2001")]
    [InlineData("no weights", "MQ2001")]
    [InlineData("configuration is no JSON", "MQ2002")]
    [InlineData("unknown architecture", "MQ2003")]
    [InlineData("unknown activation", "MQ2004")]
    [InlineData("missing tensor", "MQ2005")]
    [InlineData("wrong shape", "MQ2006")]
    [InlineData("unknown type", "MQ2007")]
    [InlineData("NaN", "MQ2008")]
    [InlineData("infinity", "MQ2008")]
    [InlineData("tokenizer larger than the vocabulary", "MQ2009")]
    [InlineData("huge header", "MQ2010")]
    [InlineData("truncated", "MQ2013")]
    [InlineData("overlap", "MQ2013")]
    [InlineData("offsets out of the file", "MQ2013")]
    public async Task A_broken_checkpoint_is_one_error(string defect, string code)
    {
        (await Quantize(BrokenCheckpoint.Create(_folder, defect))).IsError(1, code);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("", "MQ3011")]
    [InlineData("Too short to fill one window.", "MQ3012")]
    public async Task A_calibration_text_that_is_too_short_is_one_error(string text, string code)
    {
        (await Quantize(SharedData.DefaultModel, "--calibration", _folder.Write("calibration.txt", text))).IsError(1, code);
        AssertNothingLeft();
    }

    [Fact]
    public async Task A_folder_that_does_not_exist_is_one_error()
    {
        (await Quantize(_folder["nowhere"])).IsError(1, "MQ2001");
        (await CommandRun.Of("eval", _folder["nowhere"], "--text", _folder.Write("t.txt", "text"), "--json")).IsError(1, "MQ2010");
        AssertNothingLeft();
    }

    private Task<CommandRun> Quantize(string checkpoint, params string[] more) =>
        CommandRun.Of(["quantize", checkpoint, "-o", _folder["out/model.mq.safetensors"], "--cache-directory", _folder["store"], "--recipe", "RoundToNearest", "--json", .. more]);

    private void AssertNothingLeft()
    {
        Assert.Empty(_folder.Files("out"));
        Assert.Empty(_folder.Files("store/entries"));
        Assert.Empty(_folder.Files("store/building"));
    }
}
