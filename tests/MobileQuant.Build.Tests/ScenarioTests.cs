using MobileQuant.Build.Tests.Infrastructure;

namespace MobileQuant.Build.Tests;

/// <summary>What people and pipelines do to a project between two builds, and for which models the tool is started then: read off binary logs.</summary>
public sealed class ScenarioTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void A_cold_build_makes_every_model_once()
    {
        BuildRecord cold = _work.Record(AppWithThreeModels(), "build");
        Assert.Equal(["one", "two", "three"], cold.Asked);
        Assert.Equal(cold.Asked, cold.Made);
    }

    [Fact]
    public void A_build_without_changes_starts_no_tool()
    {
        string app = AppWithThreeModels();
        _work.Record(app, "build");
        BuildRecord again = _work.Record(app, "build", "--no-restore");
        Assert.DoesNotContain(nameof(QuantizeModel), again.Tasks);
        Assert.Empty(_work.TakeRuns().Skip(3));
    }

    [Fact]
    public void A_touched_checkpoint_asks_the_tool_and_copies_nothing()
    {
        string app = AppWithOneModel();
        _work.Record(app, "build");
        DateTime copied = File.GetLastWriteTimeUtc(InBin(app));

        File.SetLastWriteTimeUtc(Path.Combine(_work.Root, "tiny", "model.safetensors"), DateTime.UtcNow);
        BuildRecord touched = _work.Record(app, "build", "--no-restore");
        Assert.Equal(["tiny"], touched.Asked);
        Assert.Empty(touched.Made);
        Assert.Equal(copied, File.GetLastWriteTimeUtc(InBin(app)));

        Assert.Empty(_work.Record(app, "build", "--no-restore").Asked);
    }

    [Fact]
    public void Of_three_models_only_the_changed_one_is_made_again()
    {
        string app = AppWithThreeModels();
        _work.Record(app, "build");
        File.WriteAllText(Path.Combine(_work.Root, "two", "model.safetensors"), "other weights");
        BuildRecord changed = _work.Record(app, "build", "--no-restore");
        Assert.Equal(["two"], changed.Asked);
        Assert.Equal(["two"], changed.Made);
    }

    [Theory]
    [InlineData("Recipe=\"auto\"", "Recipe=\"RoundToNearest\"")]
    [InlineData("Precision=\"W8A8\"", "Precision=\"W4A8\"")]
    [InlineData("Overrides=\"\"", "Overrides=\"down=W8\"")]
    public void A_changed_setting_makes_the_model_again_and_changing_it_back_takes_it_from_the_store(string before, string after)
    {
        _work.WriteCheckpoint("tiny");
        string app = _work.WriteApp("""<QuantizedModel Include="../tiny" Recipe="auto" Precision="W8A8" Overrides="" />""");
        _work.Record(app, "build");
        string first = File.ReadAllText(InBin(app));

        Workspace.Edit(Path.Combine(app, "App.csproj"), before, after);
        Assert.Equal(["tiny"], _work.Record(app, "build", "--no-restore").Made);
        Assert.NotEqual(first, File.ReadAllText(InBin(app)));

        // The store's entry is older than what bin holds now: a copy by time stamps alone would keep the wrong model.
        Workspace.Edit(Path.Combine(app, "App.csproj"), after, before);
        BuildRecord back = _work.Record(app, "build", "--no-restore");
        Assert.Equal(["tiny"], back.Asked);
        Assert.Empty(back.Made);
        Assert.Equal(first, File.ReadAllText(InBin(app)));
    }

    [Fact]
    public void A_changed_calibration_text_makes_the_model_again()
    {
        _work.WriteCheckpoint("tiny");
        string text = Path.Combine(_work.Root, "calibration.txt");
        File.WriteAllText(text, "once upon a time");
        string app = _work.WriteApp("""<QuantizedModel Include="../tiny" Calibration="../calibration.txt" />""");
        _work.Record(app, "build");

        File.WriteAllText(text, "twice upon a time");
        Assert.Equal(["tiny"], _work.Record(app, "build", "--no-restore").Made);
    }

    [Fact]
    public void A_renamed_item_takes_its_model_from_the_store_and_leaves_no_file_of_its_old_name()
    {
        string app = AppWithOneModel();
        _work.Record(app, "build");
        string content = File.ReadAllText(InBin(app));

        Workspace.Edit(Path.Combine(app, "App.csproj"), "../tiny\"", "../tiny\" Name=\"small\"");
        BuildRecord renamed = _work.Record(app, "build", "--no-restore");
        Assert.Equal(["small"], renamed.Asked);
        Assert.Empty(renamed.Made);
        Assert.Equal(content, File.ReadAllText(InBin(app, "small")));
        Assert.False(File.Exists(InBin(app)));
        Assert.Empty(Directory.GetFiles(app, "tiny*", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_renamed_checkpoint_folder_takes_its_model_from_the_store()
    {
        string app = AppWithOneModel();
        _work.Record(app, "build");
        string content = File.ReadAllText(InBin(app));

        Directory.Move(Path.Combine(_work.Root, "tiny"), Path.Combine(_work.Root, "moved"));
        Workspace.Edit(Path.Combine(app, "App.csproj"), "../tiny\"", "../moved\" Name=\"tiny\"");
        BuildRecord renamed = _work.Record(app, "build", "--no-restore");
        Assert.Equal(["tiny"], renamed.Asked);
        Assert.Empty(renamed.Made);
        Assert.Equal(content, File.ReadAllText(InBin(app)));
    }

    [Fact]
    public void Clean_takes_all_of_the_project_and_nothing_of_the_store()
    {
        string app = AppWithOneModel();
        _work.Record(app, "build");
        string content = File.ReadAllText(InBin(app));
        _work.TakeRuns();
        string[] stored = [.. Directory.GetFiles(_work.Store).Order(StringComparer.Ordinal)];

        Assert.Empty(_work.Record(app, "clean").Asked);
        Assert.Empty(Directory.GetFiles(app, "tiny.*", SearchOption.AllDirectories));
        Assert.Equal(stored, Directory.GetFiles(_work.Store).Order(StringComparer.Ordinal));

        BuildRecord next = _work.Record(app, "build", "--no-restore");
        Assert.Equal(["tiny"], next.Asked);
        Assert.Empty(next.Made);
        Assert.Equal(content, File.ReadAllText(InBin(app)));
    }

    [Fact]
    public void Rebuild_takes_the_model_from_the_store()
    {
        string app = AppWithOneModel();
        _work.Record(app, "build");
        BuildRecord rebuilt = _work.Record(app, "build", "--no-restore", "-t:Rebuild");
        Assert.Equal(["tiny"], rebuilt.Asked);
        Assert.Empty(rebuilt.Made);
        Assert.True(File.Exists(InBin(app)));
    }

    [Fact]
    public void A_deleted_copy_in_bin_comes_back_from_obj()
    {
        string app = AppWithOneModel();
        _work.Record(app, "build");
        string content = File.ReadAllText(InBin(app));
        File.Delete(InBin(app));
        Assert.Empty(_work.Record(app, "build", "--no-restore").Asked);
        Assert.Equal(content, File.ReadAllText(InBin(app)));
    }

    [Fact]
    public void A_deleted_obj_comes_back_from_the_store()
    {
        string app = AppWithOneModel();
        _work.Record(app, "build");
        string content = File.ReadAllText(InBin(app));
        Directory.Delete(Path.Combine(app, "obj"), recursive: true);
        BuildRecord restored = _work.Record(app, "build");
        Assert.Equal(["tiny"], restored.Asked);
        Assert.Empty(restored.Made);
        Assert.Equal(content, File.ReadAllText(InBin(app)));
    }

    [Fact]
    public void A_damaged_artifact_in_obj_comes_back_from_the_store()
    {
        string app = AppWithOneModel();
        _work.Record(app, "build");
        string content = File.ReadAllText(InBin(app));
        File.WriteAllText(Path.Combine(app, "obj", "Debug", "net10.0", "mobilequant", "tiny", "tiny.mq.safetensors"), "cut off");
        BuildRecord repaired = _work.Record(app, "build", "--no-restore");
        Assert.Equal(["tiny"], repaired.Asked);
        Assert.Empty(repaired.Made);
        Assert.Equal(content, File.ReadAllText(InBin(app)));
    }

    [Fact]
    public void Release_after_Debug_takes_the_model_from_the_store()
    {
        string app = AppWithOneModel();
        _work.Record(app, "build");
        BuildRecord release = _work.Record(app, "build", "--no-restore", "-c", "Release");
        Assert.Equal(["tiny"], release.Asked);
        Assert.Empty(release.Made);
        Assert.Equal(File.ReadAllText(InBin(app)), File.ReadAllText(InBin(app).Replace("Debug", "Release", StringComparison.Ordinal)));
    }

    [Fact]
    public void Several_target_frameworks_make_the_model_once()
    {
        _work.WriteCheckpoint("tiny");
        string library = _work.WriteApp(
            """<QuantizedModel Include="../tiny" />""", "Library", "<TargetFrameworks>net10.0;netstandard2.0</TargetFrameworks>", "Library");
        Assert.Equal(["tiny"], _work.Record(library, "build").Made);
        Assert.Empty(_work.Record(library, "build", "--no-restore").Asked);
        Assert.Equal(
            File.ReadAllText(InBin(library)),
            File.ReadAllText(InBin(library).Replace("net10.0", "netstandard2.0", StringComparison.Ordinal)));
    }

    [Fact]
    public void Publish_takes_along_what_the_build_made()
    {
        string app = AppWithOneModel();
        _work.Record(app, "build", "-c", "Release");
        string output = Path.Combine(_work.Root, "published");
        Assert.Empty(_work.Record(app, "publish", "--no-restore", "-o", output).Asked);
        Assert.Equal(File.ReadAllText(InBin(app).Replace("Debug", "Release", StringComparison.Ordinal)), File.ReadAllText(Path.Combine(output, "models", "tiny.mq.safetensors")));
    }

    private static string InBin(string app, string name = "tiny") => Path.Combine(app, "bin", "Debug", "net10.0", "models", name + ".mq.safetensors");

    private string AppWithOneModel()
    {
        _work.WriteCheckpoint("tiny");
        return _work.WriteApp("""<QuantizedModel Include="../tiny" />""");
    }

    private string AppWithThreeModels()
    {
        string[] names = ["one", "two", "three"];
        foreach (string name in names)
        {
            _work.WriteCheckpoint(name);
            File.WriteAllText(Path.Combine(_work.Root, name, "model.safetensors"), "weights of " + name);
        }

        return _work.WriteApp(string.Concat(names.Select(name => $"""<QuantizedModel Include="../{name}" />""")));
    }
}
