using MobileQuant.Build.Tests.Infrastructure;

namespace MobileQuant.Build.Tests;

/// <summary>When the tool is started and when not, and what ends up beside the app.</summary>
public sealed class IncrementalBuildTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void Changed_limits_and_evaluation_texts_ask_the_tool_and_unchanged_ones_do_not()
    {
        _work.WriteCheckpoint("tiny");
        string app = _work.WriteApp("""<QuantizedModel Include="../tiny" EvaluationText="my texts\held%20out.txt" MaxPerplexityIncrease="10%" MinSqnr=" 12.5 " />""");
        string text = Path.Combine(app, "my texts", "held out.txt");
        Directory.CreateDirectory(Path.GetDirectoryName(text)!);
        File.WriteAllText(text, "held out");
        _work.Build(app).Succeeded();
        Assert.Equal(["tiny"], _work.TakeRuns());
        string[] arguments = File.ReadAllLines(Path.ChangeExtension(InObj(app)[..^".safetensors".Length], ".rsp"));
        foreach ((string option, string value) in new[] { ("--evaluation-text", "my texts/held out.txt"), ("--max-perplexity-increase", "10%"), ("--min-sqnr", "12.5") })
        {
            Assert.Equal(value, arguments[Array.IndexOf(arguments, option) + 1]);
        }

        _work.Build(app, "--no-restore").Succeeded();
        Assert.Empty(_work.TakeRuns());

        DateTime copied = File.GetLastWriteTimeUtc(InBin(app));
        foreach ((string before, string after) in new[] { ("\"10%\"", "\"0.2\""), (" 12.5 ", "11") })
        {
            Workspace.Edit(Path.Combine(app, "App.csproj"), before, after);
            Assert.Contains("from the store", _work.Build(app, "--no-restore").Succeeded().Output, StringComparison.Ordinal);
            Assert.Equal(["tiny"], _work.TakeRuns());
        }

        File.WriteAllText(text, "another text");
        _work.Build(app, "--no-restore").Succeeded();
        Assert.Equal(["tiny"], _work.TakeRuns());
        Assert.Equal(copied, File.GetLastWriteTimeUtc(InBin(app)));
        _work.Build(app, "--no-restore").Succeeded();
        Assert.Empty(_work.TakeRuns());
    }

    [Fact]
    public void A_changed_settings_file_of_the_recipe_asks_the_tool_and_a_missing_one_is_an_error()
    {
        _work.WriteCheckpoint("tiny");
        string app = _work.WriteApp("""<QuantizedModel Include="../tiny" Recipe="MobileQuant" RecipeSettings="learn\settings.json" />""");
        CommandResult missing = _work.Build(app).Failed();
        Assert.Contains("MQ1101", missing.Output, StringComparison.Ordinal);
        Assert.Empty(_work.TakeRuns());

        string settings = Path.Combine(app, "learn", "settings.json");
        Directory.CreateDirectory(Path.GetDirectoryName(settings)!);
        File.WriteAllText(settings, """{ "steps": 5 }""");
        _work.Build(app, "--no-restore").Succeeded();
        Assert.Equal(["tiny"], _work.TakeRuns());
        _work.Build(app, "--no-restore").Succeeded();
        Assert.Empty(_work.TakeRuns());

        File.WriteAllText(settings, """{ "steps": 50 }""");
        _work.Build(app, "--no-restore").Succeeded();
        Assert.Equal(["tiny"], _work.TakeRuns());
    }

    [Fact]
    public void A_single_file_is_a_model_named_after_it_and_made_again_when_it_changes()
    {
        string file = Path.Combine(_work.Root, "Tiny-1.0.Q8_0.gguf");
        File.WriteAllText(file, "GGUF");
        string app = _work.WriteApp("""<QuantizedModel Include="../*.gguf" />""");
        string artifact = Path.Combine(app, "bin", "Debug", "net10.0", "models", "Tiny-1.0.Q8_0.mq.safetensors");

        _work.Build(app).Succeeded();
        Assert.Equal(["Tiny-1.0.Q8_0"], _work.TakeRuns());
        string content = File.ReadAllText(artifact);
        _work.Build(app, "--no-restore").Succeeded();
        Assert.Empty(_work.TakeRuns());

        File.WriteAllText(file, "GGUF, changed");
        _work.Build(app, "--no-restore").Succeeded();
        Assert.Equal(["Tiny-1.0.Q8_0"], _work.TakeRuns());
        Assert.NotEqual(content, File.ReadAllText(artifact));

        File.Move(file, file + ".away");
        Workspace.Edit(Path.Combine(app, "App.csproj"), "../*.gguf", "../Tiny-1.0.Q8_0.gguf");
        Assert.Contains("error MQ1100: The checkpoint '", _work.Build(app, "--no-restore").Failed().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_replaced_by_an_older_one_is_noticed()
    {
        string app = AppWithOneModel();
        _work.Build(app).Succeeded();
        string before = File.ReadAllText(InBin(app));
        _work.TakeRuns();

        string weights = Path.Combine(_work.Root, "tiny", "model.safetensors");
        File.WriteAllText(weights, "other weights");
        File.SetLastWriteTimeUtc(weights, DateTime.UtcNow.AddYears(-1));
        CommandResult result = _work.Build(app, "--no-restore").Succeeded();
        Assert.Contains("quantized in 1.5 s (files changed)", result.Output, StringComparison.Ordinal);
        Assert.NotEqual(before, File.ReadAllText(InBin(app)));
    }

    [Fact]
    public void A_build_says_how_a_model_came_to_be_and_nothing_when_it_was_there()
    {
        string app = AppWithOneModel();
        CommandResult cold = _work.Build(app).Succeeded();
        Assert.Contains("MobileQuant: tiny: quantized in 1.5 s (nothing of this model is in the store), 0.0 MB", cold.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("MobileQuant:", _work.Build(app, "--no-restore").Succeeded().Output, StringComparison.Ordinal);

        Workspace.Edit(Path.Combine(app, "App.csproj"), "tiny\"", "tiny\" Recipe=\"RoundToNearest\"");
        CommandResult changed = _work.Build(app, "--no-restore").Succeeded();
        Assert.Matches(@"MobileQuant: tiny: quantized in 1\.5 s \(settings changed: --recipe=auto.*RoundToNearest", changed.Output);

        Workspace.Edit(Path.Combine(app, "App.csproj"), " Recipe=\"RoundToNearest\"", string.Empty);
        Assert.Contains("MobileQuant: tiny: from the store in 1.5 s, 0.0 MB", _work.Build(app, "--no-restore").Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_model_that_changed_is_made_again_and_a_removed_one_leaves_bin()
    {
        _work.WriteCheckpoint("tiny");
        _work.WriteCheckpoint("other");
        File.WriteAllText(Path.Combine(_work.Root, "text.txt"), "once");
        string app = _work.WriteApp("""
            <QuantizedModel Include="../tiny" />
            <QuantizedModel Include="../other" Precision="w4a8" Calibration="../*.txt" Link="weights/other.bin" />
            """);
        _work.Build(app).Succeeded();
        Assert.Equal(["tiny", "other"], _work.TakeRuns());
        string other = Path.Combine(app, "bin", "Debug", "net10.0", "weights", "other.bin");
        Assert.True(File.Exists(other));

        File.WriteAllText(Path.Combine(_work.Root, "text.txt"), "twice");
        _work.Build(app, "--no-restore").Succeeded();
        Assert.Equal(["other"], _work.TakeRuns());

        File.WriteAllText(Path.Combine(_work.Root, "more.txt"), "a new file of the pattern");
        _work.Build(app, "--no-restore").Succeeded();
        Assert.Equal(["other"], _work.TakeRuns());

        Workspace.Edit(Path.Combine(app, "App.csproj"), "<QuantizedModel Include=\"../other\"", "<Nothing Include=\"../other\"");
        _work.Build(app, "--no-restore").Succeeded();
        Assert.Empty(_work.TakeRuns());
        Assert.False(File.Exists(other));
        Assert.True(File.Exists(InBin(app)));
    }

    [Fact]
    public void Force_makes_it_again_and_disabling_starts_nothing()
    {
        string app = AppWithOneModel();
        _work.Build(app, "-p:MobileQuantEnabled=false").Succeeded();
        Assert.Empty(_work.TakeRuns());
        Assert.False(File.Exists(InBin(app)));

        _work.Build(app, "--no-restore").Succeeded();
        _work.TakeRuns();
        CommandResult forced = _work.Build(app, "--no-restore", "-p:MobileQuantForce=true", "-p:MobileQuantUseCache=false").Succeeded();
        Assert.Equal(["tiny"], _work.TakeRuns());
        Assert.Contains("tiny: quantized in", forced.Output, StringComparison.Ordinal);

        for (int i = 0; i < 2; i++)
        {
            _work.Build(app, "--no-restore", "-p:MobileQuantEnabled=false").Succeeded();
            Assert.Empty(_work.TakeRuns());
            Assert.True(File.Exists(InBin(app)));
            Assert.True(File.Exists(InObj(app)));
        }
    }

    private static string InBin(string app) => Path.Combine(app, "bin", "Debug", "net10.0", "models", "tiny.mq.safetensors");

    private static string InObj(string app) => Path.Combine(app, "obj", "Debug", "net10.0", "mobilequant", "tiny", "tiny.mq.safetensors");

    private string AppWithOneModel()
    {
        _work.WriteCheckpoint("tiny");
        return _work.WriteApp("""<QuantizedModel Include="../tiny" />""");
    }
}
