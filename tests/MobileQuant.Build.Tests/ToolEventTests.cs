using System.Text.Json;
using MobileQuant.Build.Tool;

namespace MobileQuant.Build.Tests;

/// <summary>The reader of the tool's JSON lines, against the writer that the tool uses.</summary>
public sealed class ToolEventTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData("quotes \" and \\ and / and \t tab \n line \u0001 control")]
    [InlineData("ü 模型 \U0001F600 <>&'+")]
    [InlineData("")]
    public void Strings_come_out_as_they_went_in(string text)
    {
        string line = JsonSerializer.Serialize(new Dictionary<string, object?> { ["event"] = "message", ["text"] = text, ["none"] = null });
        ToolEvent? read = ToolEvent.Parse(line);
        Assert.NotNull(read);
        Assert.Equal("message", read.Kind);
        Assert.Equal(text, read.Text("text"));
        Assert.Equal(string.Empty, read.Text("none"));
        Assert.Equal(string.Empty, read.Text("absent"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-12.75)]
    [InlineData(1e300)]
    [InlineData(9007199254740991)]
    [InlineData(0.1)]
    public void Numbers_come_out_as_they_went_in(double number)
    {
        string line = JsonSerializer.Serialize(new Dictionary<string, object> { ["event"] = "result", ["bytes"] = number, ["flag"] = true });
        Assert.Equal(number, ToolEvent.Parse(line)?.Number("bytes"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("text")]
    [InlineData("{}")]
    [InlineData("{\"event\":null}")]
    [InlineData("{\"event\":\"a\"")]
    [InlineData("{\"event\":\"a\"} x")]
    [InlineData("{\"event\":\"a\",}")]
    [InlineData("{\"event\":\"a\" \"b\":1}")]
    [InlineData("{\"event\":\"a\",\"b\":}")]
    [InlineData("{\"event\":\"a\",\"b\":nul}")]
    [InlineData("{\"event\":\"a\",\"b\":[1]}")]
    [InlineData("{\"event\":\"a\",\"b\":\"\\x\"}")]
    [InlineData("{\"event\":\"a\",\"b\":\"\\u12\"}")]
    [InlineData("{\"event\":\"a\",\"b\":\"cut\\")]
    [InlineData("[{\"event\":\"a\"}]")]
    public void Anything_else_is_no_event(string line) => Assert.Null(ToolEvent.Parse(line));
}
