using MobileQuant.Build.Tests.Infrastructure;

namespace MobileQuant.Build.Tests;

/// <summary>What a build says when something is wrong: a code, the line of the item, a remedy; before a process is started where that can be.</summary>
public sealed class DiagnosticsTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void Wrong_metadata_is_reported_with_code_and_position_before_the_tool_starts()
    {
        _work.WriteCheckpoint("tiny");
        string app = _work.WriteApp("""
            <QuantizedModel Include="../tiny" Precision="W3A8" />
                <QuantizedModel Include="../tiny" Name="two" Activations="sometimes" Precison="W4A8" />
                <QuantizedModel Include="../tiny" Name="three">
                  <Alpha>1.5</Alpha>
                </QuantizedModel>
                <QuantizedModel Include="../missing" />
                <QuantizedModel Include="../tiny" Name="four" Calibration="texts/*.txt" />
                <QuantizedModel Include="../tiny" Name="five" Calibration="nowhere.txt" Seed="many" Overrides="layers.3.down=W8" />
            """);

        string output = _work.Build(app).Failed().Output;

        Assert.Empty(_work.TakeRuns());
        Assert.Matches(@"App\.csproj\(7,39\): error MQ1101: Precision=""W3A8"" of model 'tiny' is not known: expected one of W8A8, W4A8, W4B64A8, W4B32A8\. Correct", output);
        Assert.Matches(@"App\.csproj\(8,\d+\): error MQ1101: Activations=""sometimes"" of model 'two'", output);
        Assert.Matches(@"App\.csproj\(8,\d+\): warning MQ1106: .*'Precison'.*Did you mean 'Precision'\?", output);
        Assert.Matches(@"App\.csproj\(10,\d+\): error MQ1101: Alpha=""1\.5""", output);
        Assert.Matches(@"App\.csproj\(12,\d+\): error MQ1100: The checkpoint '.*missing' does not exist", output);
        Assert.Matches(@"App\.csproj\(13,\d+\): error MQ1105: The calibration pattern 'texts/\*\.txt' matches no file", output);
        Assert.Matches(@"App\.csproj\(14,\d+\): error MQ1105: The calibration file '.*nowhere\.txt' does not exist", output);
        Assert.Matches(@"App\.csproj\(14,\d+\): error MQ1101: Seed=""many""", output);
        Assert.Matches(@"App\.csproj\(14,\d+\): error MQ1101: Overrides=""layers\.3\.down=W8"" of model 'five' is not known: expected a list such as down=W8", output);
    }

    [Fact]
    public void Limits_that_make_no_sense_are_reported_at_their_place_before_the_tool_starts()
    {
        _work.WriteCheckpoint("tiny");
        string app = _work.WriteApp("""
            <QuantizedModel Include="../tiny" EvaluationText="nowhere.txt" />
                <QuantizedModel Include="../tiny" Name="two" EvaluationText="../tiny/config.json" MaxPerplexityIncrease="10" />
                <QuantizedModel Include="../tiny" Name="three">
                  <MinSqnr>loud</MinSqnr>
                </QuantizedModel>
                <QuantizedModel Include="../tiny" Name="four" MaxPerplexityIncrease="10%" />
            """);

        string output = _work.Build(app).Failed().Output;

        Assert.Empty(_work.TakeRuns());
        Assert.Matches(@"App\.csproj\(7,39\): error MQ1030: The evaluation text '.*App.nowhere\.txt' does not exist", output);
        Assert.Matches(@"App\.csproj\(8,87\): error MQ1031: MaxPerplexityIncrease=""10"" of model 'two' is not known: expected a percentage such as 10%, or a share below 1", output);
        Assert.Matches(@"App\.csproj\(10,\d+\): error MQ1032: MinSqnr=""loud"" of model 'three'", output);
        Assert.Matches(@"App\.csproj\(12,\d+\): error MQ1033: MaxPerplexityIncrease of model 'four' has no text", output);
    }

    [Fact]
    public void Models_that_would_overwrite_each_other_are_refused()
    {
        _work.WriteCheckpoint("a/tiny");
        _work.WriteCheckpoint("b/tiny");
        string app = _work.WriteApp("""
            <QuantizedModel Include="../a/tiny" />
                <QuantizedModel Include="../b/tiny/" />
                <QuantizedModel Include="../b/tiny" Name="x" Link="models/tiny.mq.safetensors" />
                <QuantizedModel Include="../b/tiny" Name="a:b" />
            """);

        string output = _work.Build(app).Failed().Output;

        Assert.Empty(_work.TakeRuns());
        Assert.Matches(@"App\.csproj\(8,\d+\): error MQ1102: Two models are named 'tiny'", output);
        Assert.Matches(@"App\.csproj\(9,\d+\): error MQ1103: The models 'tiny' and 'x'", output);
        Assert.Matches(@"App\.csproj\(10,\d+\): error MQ1104: 'a:b'", output);
    }

    [Fact]
    public void What_the_tool_says_becomes_diagnostics_of_the_item_and_a_repaired_checkpoint_builds()
    {
        _work.WriteCheckpoint("broken", "fail");
        _work.WriteCheckpoint("odd", "warn");
        _work.WriteCheckpoint("dead", "crash");
        string app = _work.WriteApp("""
            <QuantizedModel Include="../odd" />
                <QuantizedModel Include="../broken" />
            """);

        string output = _work.Build(app).Failed().Output;
        Assert.Matches(@"App\.csproj\(7,\d+\): warning MQ3001: Scale \{0\} is 100 % odd\. Look at it\.", output);
        Assert.Matches(@"App\.csproj\(8,\d+\): error MQ2003: The tensor «wörter» is missing\. Download the checkpoint again\.", output);
        Assert.DoesNotContain("MQ1109", output, StringComparison.Ordinal);
        Assert.DoesNotContain("MSB3030", output, StringComparison.Ordinal);

        Workspace.Edit(Path.Combine(app, "App.csproj"), "../broken", "../dead");
        output = _work.Build(app, "--no-restore").Failed().Output;
        Assert.Matches(@"App\.csproj\(8,\d+\): error MQ1109: .*exit code 134.*'dead'.*out of cheese", output);

        _work.WriteCheckpoint("dead");
        _work.Build(app, "--no-restore").Succeeded();
    }

    [Fact]
    public void A_missing_tool_is_named()
    {
        _work.WriteCheckpoint("tiny");
        string app = _work.WriteApp("""<QuantizedModel Include="../tiny" />""");
        Assert.Matches(@"App\.csproj : error MQ1107: .*nothing\.dll", _work.Build(app, "-p:MobileQuantToolPath=nothing.dll").Failed().Output);
        Assert.Matches(@"App\.csproj\(7,\d+\): error MQ1108: .*no-such-host", _work.Build(app, "--no-restore", "-p:DOTNET_HOST_PATH=/no-such-host").Failed().Output);
    }
}
