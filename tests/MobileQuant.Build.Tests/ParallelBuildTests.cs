using MobileQuant.Build.Tests.Infrastructure;

namespace MobileQuant.Build.Tests;

/// <summary>Several projects with one model, in one build: one makes it, the others take it, however MSBuild spreads them.</summary>
public sealed class ParallelBuildTests : IDisposable
{
    private readonly Workspace _work = new("many at once");

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("-m:4")]
    [InlineData("-m:4", "-graph")]
    [InlineData("-m:4", "-mt")]
    public void Projects_that_share_a_model_make_it_once(params string[] switches)
    {
        _work.WriteCheckpoint("tiny");
        string[] names = ["First", "Second", "Third"];
        string[] apps = [.. names.Select(name => _work.WriteApp("""<QuantizedModel Include="../tiny" />""", name))];
        string solution = Path.Combine(_work.Root, "All.slnx");
        File.WriteAllText(solution, $"<Solution>{string.Concat(names.Select(name => $"""<Project Path="{name}/{name}.csproj" />"""))}</Solution>");

        CommandResult cold = _work.DotNet(_work.Root, ["build", "--nologo", solution, .. switches]).Succeeded();
        Assert.Equal(1, Count(cold, "MobileQuant: tiny: quantized"));
        Assert.Equal(2, Count(cold, "MobileQuant: tiny: from the store"));
        Assert.Single(apps.Select(app => File.ReadAllText(Path.Combine(app, "bin", "Debug", "net10.0", "models", "tiny.mq.safetensors"))).Distinct());
        Assert.Equal(3, _work.TakeRuns().Count);

        _work.DotNet(_work.Root, ["build", "--nologo", "--no-restore", solution, .. switches]).Succeeded();
        Assert.Empty(_work.TakeRuns());

        // Another configuration has its own obj, and the store its model.
        CommandResult release = _work.DotNet(_work.Root, ["build", "--nologo", "-c", "Release", solution, .. switches]).Succeeded();
        Assert.Equal(0, Count(release, "MobileQuant: tiny: quantized"));
        Assert.Equal(3, Count(release, "MobileQuant: tiny: from the store"));
    }

    private static int Count(CommandResult result, string text) => result.Output.Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal));
}
