using System.Text.Json;
using MobileQuant.Build.Tests.Infrastructure;
using MobileQuant.Tests;

namespace MobileQuant.Build.Tests;

/// <summary>Models and checkpoints as packages, with the real tool: packed, fetched from a folder, quantized or used as it is.</summary>
[Collection(nameof(SharedPackages))]
public sealed class PackagedModelTests(PackagedSample packaged) : IDisposable
{
    private readonly string _root = Path.Combine(packaged.Root, "packed models");

    private string Feed => Path.Combine(_root, "feed");

    private string Packages => Path.Combine(_root, "packages");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_checkpoint_and_a_model_reach_apps_through_a_feed()
    {
        string made = Path.Combine(packaged.Sample, "obj", "Debug", "net10.0", "mobilequant", "stories-llama-2m", "stories-llama-2m.mq.safetensors");
        if (!File.Exists(made))
        {
            packaged.Run("build", "--nologo", packaged.Sample).Succeeded();
        }

        string app = WriteApp("""
            <QuantizedModel Include="package:MobileQuant.Tests.Checkpoint/1.0.0" />
            <QuantizedModel Include="package:MobileQuant.Tests.Model/2.0.0-rc.1" Name="ready" />
            """);
        CommandResult before = Build(app).Failed();
        Assert.Matches(@"App\.csproj\(\d+,\d+\): error MQ4020: .*stories does not have it", before.Output);

        Tool("pack", SharedData.DefaultModel, "--id", "MobileQuant.Tests.Checkpoint", "--version", "1.0.0", "-o", "made").Succeeded();
        Tool("pack", made, "--id", "MobileQuant.Tests.Model", "--version", "2.0.0-rc.1", "-o", "made").Succeeded();
        foreach (string package in Directory.GetFiles(Path.Combine(_root, "made")))
        {
            Tool("push", package, "--source", "stories").Succeeded();
        }

        // The store has what the sample made of the folder with the same files.
        CommandResult built = Build(app).Succeeded();
        Assert.Contains("MobileQuant: MobileQuant.Tests.Checkpoint: from the store", built.Output, StringComparison.Ordinal);
        Assert.Contains("MobileQuant: ready: from the package", built.Output, StringComparison.Ordinal);
        string output = Path.Combine(app, "bin", "Debug", "net10.0", "models");
        Assert.Equal(File.ReadAllBytes(made), File.ReadAllBytes(Path.Combine(output, "ready.mq.safetensors")));

        // Both are there now: no feed is asked again, and while nothing changes, no tool either.
        Directory.Delete(Feed, recursive: true);
        Directory.Delete(Path.Combine(app, "obj"), recursive: true);
        Assert.Contains("ready: from the package", Build(app, "-p:MobileQuantOffline=true").Succeeded().Output, StringComparison.Ordinal);
        Assert.DoesNotContain("ready: from", Build(app).Succeeded().Output, StringComparison.Ordinal);

        using JsonDocument restored = JsonDocument.Parse(Tool("restore", "MobileQuant.Tests.Model/2.0.0-rc.1", "--json").Succeeded().StandardOutput);
        File.WriteAllText(restored.RootElement.GetProperty("path").GetString()!, "something else");
        Directory.Delete(Path.Combine(app, "obj"), recursive: true);
        Assert.Matches(@"App\.csproj\(\d+,\d+\): error MQ4022", Build(app).Failed().Output);
    }

    private string WriteApp(string items)
    {
        string app = Path.Combine(_root, "App");
        Directory.CreateDirectory(app);
        Directory.CreateDirectory(Feed);
        File.WriteAllText(Path.Combine(_root, "nuget.config"), $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{Packages}" /></config>
              <packageSources><clear /><add key="stories" value="{Feed}" /></packageSources>
            </configuration>
            """);
        File.WriteAllText(Path.Combine(app, "Program.cs"), "System.Console.WriteLine();");
        File.WriteAllText(Path.Combine(_root, "Directory.Build.props"), $"""
            <Project>
              <Import Project="{Repository.BuildSource}/build/MobileQuant.Build.props" />
              <PropertyGroup>
                <UseAppHost>false</UseAppHost>
                <_MobileQuantTasksAssembly>{Repository.TasksAssembly}</_MobileQuantTasksAssembly>
                <MobileQuantToolPath>{Repository.Tool}</MobileQuantToolPath>
              </PropertyGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(_root, "Directory.Build.targets"), $"""<Project><Import Project="{Repository.BuildSource}/build/MobileQuant.Build.targets" /></Project>""");
        File.WriteAllText(Path.Combine(app, "App.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
              </PropertyGroup>
              <ItemGroup>
            {items}
              </ItemGroup>
            </Project>
            """);
        return app;
    }

    private CommandResult Build(string app, params string[] more) => Commands.DotNet(app, packaged.Store, ["build", "--nologo", "-m:1", .. more]);

    private CommandResult Tool(params string[] arguments) => Commands.DotNet(_root, packaged.Store, [Repository.Tool, .. arguments]);
}
