using MobileQuant.Evaluation.Comparison;
using MobileQuant.Tests.Caching;
using MobileQuant.Tests.Evaluation.Reporting;

namespace MobileQuant.Tests.Evaluation.Comparison;

public class ComparisonStateTests
{
    private static readonly ComparisonRow Row = SampleReport.Comparison("model").Rows[0];

    [Fact]
    public void Rows_come_back_as_they_were()
    {
        using TemporaryFolder folder = new();
        ComparisonState.Open(folder["deep/rows.jsonl"]).Add(new() { Key = "one", Model = "model", Row = Row });

        ComparisonStateLine line = ComparisonState.Open(folder["deep/rows.jsonl"]).Find("one")!;

        Assert.Equal(Row.Simulation, line.Row!.Simulation);
        Assert.Equal(Row.Fidelity, line.Row.Fidelity);
        Assert.Equal(Row.Curve.Select(point => point.Loss), line.Row.Curve.Select(point => point.Loss));
        Assert.Equal(Row.ArtifactBytes, line.Row.ArtifactBytes);
        Assert.Null(ComparisonState.Open(folder["deep/rows.jsonl"]).Find("two"));
    }

    [Fact]
    public void A_line_that_was_cut_off_is_passed_over_and_written_again()
    {
        using TemporaryFolder folder = new();
        string path = folder["rows.jsonl"];
        ComparisonState state = ComparisonState.Open(path);
        state.Add(new() { Key = "one", Model = "model", Row = Row });
        state.Add(new() { Key = "two", Model = "model", Row = Row });
        byte[] whole = File.ReadAllBytes(path);
        File.WriteAllBytes(path, whole[..^20]);

        ComparisonState cut = ComparisonState.Open(path);
        Assert.NotNull(cut.Find("one"));
        Assert.Null(cut.Find("two"));
        cut.Add(new() { Key = "two", Model = "model", Row = Row });

        Assert.Equal(whole, File.ReadAllBytes(path));
    }

    [Theory]
    [InlineData("A story.")]
    [InlineData("A story.\nAnd another.\n")]
    [InlineData("{\"key\": 7}\n")]
    [InlineData("null\n")]
    public void Another_file_is_left_alone(string text)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("story.txt", text);

        Assert.Equal("MQ1026", Assert.Throws<MobileQuantException>(() => ComparisonState.Open(path)).Code);
        Assert.Equal(text, File.ReadAllText(path));
    }
}
