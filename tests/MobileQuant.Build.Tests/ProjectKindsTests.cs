using MobileQuant.Build.Tests.Infrastructure;

namespace MobileQuant.Build.Tests;

/// <summary>The item in other projects than a plain app, and in other verbs than build.</summary>
public sealed class ProjectKindsTests : IDisposable
{
    private readonly Workspace _work = new("Größe & 模型 mit (Leer) zeichen");

    public ProjectKindsTests() => _work.WriteCheckpoint("modèle tiny");

    public void Dispose() => _work.Dispose();

    [Fact]
    public void Publish_as_a_single_file_leaves_the_model_beside_it_where_paths_have_spaces_and_letters_of_other_scripts()
    {
        string app = _work.WriteApp("""<QuantizedModel Include="../modèle tiny/" Calibration="" />""");
        string output = Path.Combine(_work.Root, "out put");
        BuildRecord published = _work.Record(app, "publish", "-c", "Release", "--use-current-runtime", "--self-contained", "false", "-p:PublishSingleFile=true", "-p:UseAppHost=true", "-o", output);

        string[] files = [.. Directory.GetFiles(output, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(output, file).Replace('\\', '/'))];
        Assert.Contains("models/modèle tiny.mq.safetensors", files);
        Assert.DoesNotContain(files, file => file.EndsWith("App.dll", StringComparison.Ordinal));
        Assert.Equal(["modèle tiny"], published.Asked);

        string second = Path.Combine(_work.Root, "second");
        BuildRecord again = _work.Record(app, "publish", "-c", "Release", "--use-current-runtime", "--self-contained", "false", "-p:UseAppHost=false", "--no-build", "-o", second);
        Assert.Empty(again.Asked);
        Assert.True(File.Exists(Path.Combine(second, "models", "modèle tiny.mq.safetensors")));
    }

    // Restore hands such settings of the command line to every project of a graph, and refuses them where they make no sense.
    [Theory]
    [InlineData("PublishAot")]
    [InlineData("PublishTrimmed")]
    public void How_a_sample_is_published_is_nothing_to_the_tasks(string property)
    {
        CommandResult evaluated = _work.DotNet(Repository.BuildSource, "msbuild", "MobileQuant.Build.csproj", $"-getProperty:{property}", $"-p:{property}=true").Succeeded();
        Assert.Equal("false", evaluated.StandardOutput.Trim());
    }

    [Fact]
    public void A_library_for_two_frameworks_hands_its_model_to_the_app()
    {
        string library = _work.WriteApp(
            """<QuantizedModel Include="../modèle tiny" Name="tiny" />""",
            "Library",
            "<TargetFrameworks>net10.0;netstandard2.0</TargetFrameworks>",
            "Library");
        string app = _work.WriteApp("""<ProjectReference Include="../Library/Library.csproj" />""");

        Assert.Equal(["tiny"], _work.Record(app, "build").Made);
        Assert.True(File.Exists(Path.Combine(app, "bin", "Debug", "net10.0", "models", "tiny.mq.safetensors")));

        Assert.Empty(_work.Record(library, "build").Made);
        Assert.True(File.Exists(Path.Combine(library, "bin", "Debug", "netstandard2.0", "models", "tiny.mq.safetensors")));

        _work.TakeRuns();
        _work.DotNet(library, "build", "--nologo", "--no-restore", "-t:QuantizeModels").Succeeded();
        Assert.Empty(_work.TakeRuns());
    }

    [Fact]
    public void A_design_time_build_starts_and_writes_nothing_but_knows_the_up_to_date_inputs()
    {
        string app = _work.WriteApp("""
            <QuantizedModel Include="../modèle tiny" Precision="half-typed" />
                <QuantizedModel Include="../not yet there" />
            """);
        CommandResult result = _work.DotNet(
            app, "build", "--nologo", "-p:DesignTimeBuild=true", "-p:BuildingProject=false", "-p:SkipCompilerExecution=true", "-p:ProvideCommandLineArgs=true",
            "-t:AssignTargetPaths;Compile;QuantizeModels;_MobileQuantCollectUpToDateCheck", "-getItem:UpToDateCheckInput,UpToDateCheckOutput").Succeeded();

        Assert.Empty(_work.TakeRuns());
        Assert.False(Directory.Exists(Path.Combine(app, "obj", "Debug", "net10.0", "mobilequant")));
        Assert.Contains("config.json", result.StandardOutput, StringComparison.Ordinal);
        Assert.Contains(".stamp", result.StandardOutput, StringComparison.Ordinal);
    }

    [Fact]
    public void The_response_file_says_all_that_the_item_says()
    {
        File.WriteAllText(Path.Combine(_work.Root, "a text.txt"), "text");
        string app = _work.WriteApp("""
            <QuantizedModel Include="../modèle tiny" Recipe="smoothquant" Precision="W4A8" Activations="STATIC" TargetDevice="CPU" Weights="symmetric"
                            WideSites="AUTO:8" Prefix="&lt;s&gt;" Granularity="tensor" Overrides="down = W8 ; layers.*.attention.o=w4B32;" Alpha="0.7" Rounding="ErrorFeedback" RecipeSettings="steps=20 ; loss=logits" Calibration=" ../a text.txt ; ../a t*.txt" Seed="7" />
            """);
        _work.Build(app, "-p:MobileQuantForce=true", "-p:MobileQuantUseCache=false").Succeeded();

        string[] lines = File.ReadAllLines(Path.Combine(app, "obj", "Debug", "net10.0", "mobilequant", "modèle tiny", "modèle tiny.rsp"));
        Assert.Equal(
            [
                Path.Combine(_work.Root, "modèle tiny"),
                "--output", Path.Combine(app, "obj", "Debug", "net10.0", "mobilequant", "modèle tiny", "modèle tiny.mq.safetensors"),
                "--recipe", "SmoothQuant",
                "--precision", "W4A8",
                "--activations", "static",
                "--target", "cpu",
                "--wide-sites", "auto:8",
                "--prefix", "<s>",
                "--weights", "symmetric",
                "--granularity", "tensor",
                "--rounding", "errorfeedback",
                "--seed", "7",
                "--base-directory", app,
                "--override", "down = W8;layers.*.attention.o=w4B32",
                "--alpha", "0.7",
                "--settings", "steps=20 ; loss=logits",
                "--calibration", "../a text.txt",
                "--calibration", "../a t*.txt",
                "--cache-directory", _work.Store,
                "--force",
                "--no-cache",
                "--events",
                "--parent",
            ],
            lines[..^1]);
    }

    [Fact]
    public void Targets_of_the_project_can_add_models_and_hook_in_before_and_after()
    {
        string app = _work.WriteApp("""<None Remove="x" />""");
        Workspace.Edit(Path.Combine(app, "App.csproj"), "</Project>", """
              <Target Name="AddModel" BeforeTargets="CollectQuantizedModels">
                <ItemGroup><QuantizedModel Include="../modèle tiny" Name="added" /></ItemGroup>
              </Target>
              <Target Name="Early" AfterTargets="BeforeQuantizeModels"><Message Importance="high" Text="hook before" /></Target>
              <Target Name="Late" BeforeTargets="AfterQuantizeModels"><Message Importance="high" Text="hook after" /></Target>
            </Project>
            """);
        string output = _work.Build(app).Succeeded().Output;
        Assert.Matches(@"(?s)hook before.*MobileQuant: added: quantized.*hook after", output);
        Assert.True(File.Exists(Path.Combine(app, "bin", "Debug", "net10.0", "models", "added.mq.safetensors")));
    }
}
