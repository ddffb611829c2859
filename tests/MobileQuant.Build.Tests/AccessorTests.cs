using MobileQuant.Build.Accessors;
using MobileQuant.Build.Tests.Infrastructure;

namespace MobileQuant.Build.Tests;

/// <summary>The class QuantizedModels that a C# project gets, in projects that are really compiled.</summary>
public sealed class AccessorTests : IDisposable
{
    private const string FileName = "QuantizedModels.g.cs";

    private static readonly string s_runtime = $"""<Reference Include="{Repository.RuntimeAssembly}" />""";

    private readonly Workspace _work = new();

    public AccessorTests() => _work.WriteCheckpoint("tiny");

    public void Dispose() => _work.Dispose();

    [Fact]
    public void An_app_prints_where_its_model_is_and_what_it_is()
    {
        string app = _work.WriteApp($"""
            <QuantizedModel Include="../tiny" Name="tiny-llama.v2" Precision="w4a8" Link="weights\the model.bin" />
                {s_runtime}
            """);
        File.WriteAllText(Path.Combine(app, "Program.cs"), """
            MobileQuant.PackagedModel model = QuantizedModels.TinyLlamaV2;
            System.Console.WriteLine(string.Join("|", model.Name, model.Precision, model.Recipe, model.Link, System.IO.File.ReadAllText(model.Path).Length));
            System.Console.WriteLine(App.QuantizedModels.TinyLlamaV2.Path);
            """);

        BuildRecord cold = _work.Record(app, "build");
        Assert.Contains("Csc", cold.Tasks);
        string[] printed = _work.DotNet(app, Path.Combine("bin", "Debug", "net10.0", "App.dll")).Succeeded().StandardOutput.Split('\n', StringSplitOptions.TrimEntries);
        Assert.Equal("tiny-llama.v2|W4A8|auto|weights/the model.bin|64", printed[0]);
        Assert.Equal(Path.Combine(app, "bin", "Debug", "net10.0", "weights", "the model.bin"), printed[1]);

        // Nothing is written and nothing compiled while the items say the same, in whatever order.
        DateTime written = File.GetLastWriteTimeUtc(InObj(app));
        BuildRecord again = _work.Record(app, "build", "--no-restore");
        Assert.Contains("GenerateAccessor", again.Tasks);
        Assert.DoesNotContain("Csc", again.Tasks);
        Assert.Equal(written, File.GetLastWriteTimeUtc(InObj(app)));

        Workspace.Edit(Path.Combine(app, "App.csproj"), "w4a8", "W8A8");
        Assert.Contains("Csc", _work.Record(app, "build", "--no-restore").Tasks);
        Assert.StartsWith("tiny-llama.v2|W8A8|", _work.DotNet(app, Path.Combine("bin", "Debug", "net10.0", "App.dll")).Succeeded().StandardOutput, StringComparison.Ordinal);

        _work.DotNet(app, "clean", "--nologo").Succeeded();
        Assert.False(File.Exists(InObj(app)));
    }

    [Fact]
    public void Any_name_of_a_model_and_of_a_project_compiles_without_a_warning()
    {
        (string Name, string Property)[] models =
        [
            ("7b", "_7b"), ("modèle-ünïcode 模型", "ModèleÜnïcode模型"), ("class", "Class"), ("quantized-models", "QuantizedModelsModel"), ("to.string", "ToStringModel"),
            ("v1.10", "V1_10"), ("v11.0", "V11_0"), ("a &amp; b's (c)", "ABSC"), ("---", "Model"), ("Q4_1", "Q4_1"),
        ];
        string items = string.Concat(models.Select(model => $"""<QuantizedModel Include="../tiny" Name="{model.Name}" />"""));
        string app = _work.WriteApp(items + s_runtime, "my-app.class.7", "<TargetFramework>net10.0</TargetFramework><Nullable>enable</Nullable><TreatWarningsAsErrors>true</TreatWarningsAsErrors><GenerateDocumentationFile>true</GenerateDocumentationFile>");
        File.WriteAllText(
            Path.Combine(app, "Program.cs"),
            $"System.Console.WriteLine(my_app.@class._7.QuantizedModels.Class.Name.Length + {string.Join(" + ", models.Select(model => $"QuantizedModels.{model.Property}.Name.Length"))});");

        CommandResult result = _work.Build(app).Succeeded();
        Assert.DoesNotContain("warning", result.Output, StringComparison.Ordinal);
        int letters = "class".Length + models.Sum(model => model.Name.Replace("&amp;", "&", StringComparison.Ordinal).Length);
        Assert.Equal($"{letters}", _work.DotNet(app, Path.Combine("bin", "Debug", "net10.0", "my-app.class.7.dll")).Succeeded().StandardOutput.Trim());
    }

    [Fact]
    public void A_design_time_build_has_the_class_writes_it_once_and_starts_nothing()
    {
        string app = _work.WriteApp($"""
            <QuantizedModel Include="../tiny" Precision="half-typed" />
                <QuantizedModel Include="../not yet there" Name="later" />
                {s_runtime}
            """);
        File.WriteAllText(Path.Combine(app, "Program.cs"), "System.Console.WriteLine(QuantizedModels.Tiny.Path + QuantizedModels.Later.Path);");
        _work.DotNet(app, "restore", "--nologo").Succeeded();
        string[] arguments =
        [
            "msbuild", "--nologo", "-p:DesignTimeBuild=true", "-p:BuildingProject=false", "-p:SkipCompilerExecution=true", "-p:ProvideCommandLineArgs=true",
            "-t:Compile", "-getItem:Compile",
        ];

        Assert.Contains(FileName, _work.DotNet(app, arguments).Succeeded().StandardOutput, StringComparison.Ordinal);
        string source = File.ReadAllText(InObj(app));
        Assert.Contains("PackagedModel Later", source, StringComparison.Ordinal);
        Assert.Contains("half-typed", source, StringComparison.Ordinal);
        Assert.Equal([InObj(app)], Directory.GetFiles(Path.GetDirectoryName(InObj(app))!, "*", SearchOption.AllDirectories));

        DateTime written = File.GetLastWriteTimeUtc(InObj(app));
        Assert.Contains(FileName, _work.DotNet(app, arguments).Succeeded().StandardOutput, StringComparison.Ordinal);
        Assert.Equal(written, File.GetLastWriteTimeUtc(InObj(app)));
        Assert.Empty(_work.TakeRuns());
    }

    [Fact]
    public void Models_that_would_be_one_property_are_named_and_left_out()
    {
        string app = _work.WriteApp($"""
            <QuantizedModel Include="../tiny" Name="tiny-llama" />
                <QuantizedModel Include="../tiny" Name="other" />
                <QuantizedModel Include="../tiny" Name="tiny.llama" />
                {s_runtime}
            """);
        string output = _work.Build(app).Succeeded().Output;
        Assert.Matches(@"App\.csproj\(7,\d+\): warning MQ1119: The models 'tiny-llama' and 'tiny\.llama' would all be QuantizedModels\.TinyLlama", output);
        Assert.Matches(@"App\.csproj\(9,\d+\): warning MQ1119: ", output);
        string source = File.ReadAllText(InObj(app));
        Assert.Contains(" Other ", source, StringComparison.Ordinal);
        Assert.DoesNotContain("TinyLlama", source, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_framework_has_its_own_and_one_without_the_runtime_compiles_without()
    {
        string library = _work.WriteApp(
            $"""<QuantizedModel Include="../tiny" /><Reference Include="{Repository.RuntimeAssembly}" Condition="'$(TargetFramework)' == 'net10.0'" />""",
            "Library",
            "<TargetFrameworks>net10.0;netstandard2.0</TargetFrameworks>",
            "Library");
        File.WriteAllText(Path.Combine(library, "Program.cs"), """
            public static class Places
            {
            #if NET
                public static string Path => QuantizedModels.Tiny.Path;
            #endif
            }
            """);

        Assert.Single(_work.Record(library, "build").Messages, message => message.Contains("no class QuantizedModels", StringComparison.Ordinal));
        Assert.True(File.Exists(InObj(library)));
        Assert.False(File.Exists(InObj(library).Replace("net10.0", "netstandard2.0", StringComparison.Ordinal)));

        // A file of an earlier build is neither compiled nor kept.
        Workspace.Edit(Path.Combine(library, "Program.cs"), "QuantizedModels.Tiny.Path", "\"\"");
        _work.Build(library, "--no-restore", "-p:MobileQuantGenerateAccessor=false").Succeeded();
        Assert.False(File.Exists(InObj(library)));
    }

    [Fact]
    public void Projects_in_other_languages_get_none()
    {
        string app = _work.WriteApp($"""<QuantizedModel Include="../tiny" />{s_runtime}""");
        File.Move(Path.Combine(app, "App.csproj"), Path.Combine(app, "App.vbproj"));
        File.WriteAllText(Path.Combine(app, "Program.vb"), "Module Program\n  Sub Main()\n  End Sub\nEnd Module\n");
        _work.Build(app).Succeeded();
        Assert.Equal(["tiny"], _work.TakeRuns());
        Assert.False(File.Exists(InObj(app)));
    }

    [Theory]
    [InlineData("TinyLlama", "TinyLlama")]
    [InlineData("tiny-llama.v2", "TinyLlamaV2")]
    [InlineData("stories-llama-2m", "StoriesLlama2m")]
    [InlineData("SmolLM2-135M-Instruct.Q4_1", "SmolLM2_135MInstructQ4_1")]
    [InlineData("1.10", "_1_10")]
    [InlineData("11.0", "_11_0")]
    [InlineData("_private", "Private")]
    [InlineData("...", "Model")]
    [InlineData("模型", "模型")]
    [InlineData("\u0301e", "_\u0301e")]
    [InlineData("a\u200Db", "Ab")]
    [InlineData("\U0001F600 smile", "Smile")]
    [InlineData("equals", "EqualsModel")]
    public void A_model_becomes_a_property(string name, string property) => Assert.Equal(property, Identifier.OfModel(name));

    [Theory]
    [InlineData("App", "App")]
    [InlineData("Contoso.App", "Contoso.App")]
    [InlineData("my-app.7", "my_app._7")]
    [InlineData("a..class", "a.@class")]
    [InlineData("@event", "@event")]
    [InlineData("", "")]
    public void A_root_namespace_becomes_one_that_compiles(string name, string expected) => Assert.Equal(expected, Identifier.OfNamespace(name));

    [Fact]
    public void A_project_called_like_the_class_gets_no_alias_that_would_hide_its_namespace() =>
        Assert.DoesNotContain("global using", AccessorSource.Of("QuantizedModels.App", []), StringComparison.Ordinal);

    [Fact]
    public void Texts_cannot_leave_their_literal_or_comment()
    {
        string source = AccessorSource.Of(string.Empty, [new PackagedModelEntry("X", "a\"b\u2028c", "d\\e\nf</summary>", "</summary>&\u202E", "W8A8")]);
        Assert.Contains("""("a\"b\u2028c", "d/e\u000af</summary>", "</summary>&\u202e", "W8A8");""", source, StringComparison.Ordinal);
        Assert.Contains("d/e f&lt;/summary&gt;: precision W8A8, recipe &lt;/summary&gt;&amp; .</summary>", source, StringComparison.Ordinal);
        Assert.DoesNotContain("namespace", source, StringComparison.Ordinal);
    }

    private static string InObj(string project) => Path.Combine(project, "obj", "Debug", "net10.0", "mobilequant", FileName);
}
