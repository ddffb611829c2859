using MobileQuant.Build.Tests.Infrastructure;

namespace MobileQuant.Build.Tests;

/// <summary>Two machines, in all that matters to the cache: homes, stores and folders of their own, and one folder that they share.</summary>
[Collection(nameof(SharedPackages))]
public sealed class RemoteCacheBuildTests(PackagedSample packaged)
{
    [Fact]
    public void The_second_machine_takes_what_the_first_published()
    {
        string shared = Path.Combine(packaged.Root, "share");
        string first = packaged.CopyAs("FirstMachine");
        string second = packaged.CopyAs("SecondMachine");
        string[] remote = [$"-p:MobileQuantRemoteCache={new Uri(shared).AbsoluteUri}"];

        // Another recipe than that of the other tests, and the cheapest one.
        foreach (string folder in (string[])[first, second])
        {
            Workspace.Edit(Path.Combine(folder, "StoryTeller.csproj"), "stories-llama-2m\"", "stories-llama-2m\" Recipe=\"RoundToNearest\" Seed=\"4010\"");
        }

        CommandResult missing = Build(second, "b", [.. remote, "-p:MobileQuantRequireCached=true"]).Failed();
        Assert.Contains("error MQ4014: ", missing.Output, StringComparison.Ordinal);
        Assert.Contains("no earlier result for this model", missing.Output, StringComparison.Ordinal);

        CommandResult made = Build(first, "a", remote).Succeeded();
        Assert.Matches(@"MobileQuant: stories-llama-2m: quantized in [0-9.]+ s \(no earlier result for this model\), [0-9.]+ MB", made.Output);

        CommandResult fetched = Build(second, "b", [.. remote, "-p:MobileQuantRequireCached=true", "-p:MobileQuantRemoteCacheReadOnly=true", "-p:MobileQuantOffline=true"]).Succeeded();
        Assert.Matches(@"MobileQuant: stories-llama-2m: from the remote cache in [0-9.]+ s, [0-9.]+ MB", fetched.Output);
        Assert.Equal(File.ReadAllBytes(InBin(first)), File.ReadAllBytes(InBin(second)));

        CommandResult again = Build(second, "b", ["--no-restore", .. remote]).Succeeded();
        Assert.DoesNotContain("MobileQuant:", again.Output, StringComparison.Ordinal);
    }

    private static string InBin(string sample) => Path.Combine(sample, "bin", "Debug", "net10.0", "models", "stories-llama-2m.mq.safetensors");

    // The home of a machine, as far as this package looks there, is its store.
    private CommandResult Build(string folder, string machine, string[] more) =>
        Commands.DotNet(packaged.Root, Path.Combine(packaged.Root, "home-" + machine, "store"), ["build", "--nologo", folder, .. more]);
}
