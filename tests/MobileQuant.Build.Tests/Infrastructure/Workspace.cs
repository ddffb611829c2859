using System.Text;

namespace MobileQuant.Build.Tests.Infrastructure;

/// <summary>A folder with a project, checkpoints and a store of its own; the project takes the targets from source and the stand-in as its tool.</summary>
internal sealed class Workspace : IDisposable
{
    public Workspace(string name = "work")
    {
        Root = Path.Combine(Path.GetTempPath(), "mobilequant-tests", Guid.NewGuid().ToString("N")[..12], name);
        Directory.CreateDirectory(Root);
        File.WriteAllText(Path.Combine(Root, "Directory.Build.props"), $"""
            <Project>
              <Import Project="{Repository.BuildSource}/build/MobileQuant.Build.props" />
              <PropertyGroup>
                <_MobileQuantTasksAssembly>{Repository.TasksAssembly}</_MobileQuantTasksAssembly>
                <MobileQuantToolPath>{Repository.StandInTool}</MobileQuantToolPath>
                <MobileQuantCacheDirectory>{Store}</MobileQuantCacheDirectory>
                <UseAppHost>false</UseAppHost>
              </PropertyGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(Root, "Directory.Build.targets"), $"""
            <Project>
              <Import Project="{Repository.BuildSource}/build/MobileQuant.Build.targets" Condition="'$(TargetFrameworks)' == '' or '$(TargetFramework)' != ''" />
              <Import Project="{Repository.BuildSource}/buildMultiTargeting/MobileQuant.Build.targets" Condition="'$(TargetFrameworks)' != '' and '$(TargetFramework)' == ''" />
            </Project>
            """);
    }

    /// <summary>The folder that holds everything.</summary>
    public string Root { get; }

    /// <summary>The store that the project names.</summary>
    public string Store => Path.Combine(Path.GetDirectoryName(Root)!, "store");

    /// <summary>Names of the models that the tool was started for since the last look.</summary>
    public IReadOnlyList<string> TakeRuns()
    {
        string log = Path.Combine(Store, "runs.log");
        if (!File.Exists(log))
        {
            return [];
        }

        string[] runs = File.ReadAllLines(log);
        File.Delete(log);
        return runs;
    }

    /// <summary>Writes an app project with the given items.</summary>
    public string WriteApp(string items, string name = "App", string frameworks = "<TargetFramework>net10.0</TargetFramework>", string outputType = "Exe")
    {
        string folder = Path.Combine(Root, name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, name + ".csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>{outputType}</OutputType>
                {frameworks}
              </PropertyGroup>
              <ItemGroup>
                {items}
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), outputType == "Exe" ? "System.Console.WriteLine();" : "public static class Library { }");
        return folder;
    }

    /// <summary>Writes something that looks like a checkpoint; the word in its config chooses what the stand-in does.</summary>
    public void WriteCheckpoint(string path, string behaviour = "plain")
    {
        string folder = Path.Combine(Root, path);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""{ "behaviour": "{{behaviour}}" }""");
        File.WriteAllText(Path.Combine(folder, "model.safetensors"), "weights");
    }

    public CommandResult Build(string folder, params string[] more) =>
        Commands.DotNet(folder, Store, ["build", "--nologo", "-m:1", .. more]);

    /// <summary>Runs a command that builds, which must succeed, and reads its binary log.</summary>
    public BuildRecord Record(string folder, string command, params string[] more)
    {
        string log = Path.Combine(Path.GetDirectoryName(Root)!, "last.binlog");
        File.Delete(log);
        DotNet(folder, [command, "--nologo", "-m:1", $"-bl:{log}", .. more]).Succeeded();
        return BuildRecord.Read(log);
    }

    public CommandResult DotNet(string folder, params string[] arguments) => Commands.DotNet(folder, Store, arguments);

    /// <summary>Replaces text in a file.</summary>
    public static void Edit(string file, string before, string after)
    {
        string text = File.ReadAllText(file);
        Assert.Contains(before, text, StringComparison.Ordinal);
        File.WriteAllText(file, text.Replace(before, after, StringComparison.Ordinal), new UTF8Encoding(false));
    }

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(Root)!, recursive: true);
}
