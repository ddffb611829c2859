using MobileQuant.Artifacts;
using MobileQuant.JobHost;
using MobileQuant.Torch;

namespace MobileQuant.Tests.Reproducibility;

/// <summary>Same inputs, same bytes: the real engine, in processes of their own.</summary>
public sealed class SameBytesTests(Builds builds) : IClassFixture<Builds>
{
    public static IEnumerable<object[]> Cases { get; } =
        from name in RealJobs.Names
        from other in (string[])["again", "another user", "one thread"]
        select new object[] { name, other };

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_artifact_is_the_same_byte_for_byte(string name, string other)
    {
        string expected = RealJobs.OutputOf(builds.First, name);
        string actual = RealJobs.OutputOf(builds.Others[other], name);

        // The names of what differs say more than an offset.
        Assert.Equal([], Differences(expected, actual));
        Assert.Equal(File.ReadAllBytes(expected), File.ReadAllBytes(actual));
    }

    [Fact]
    public void The_jobs_are_different_ones()
    {
        string[] keys = [.. RealJobs.Names.Select(name => Read(builds.First, name).Fingerprint)];
        Assert.Equal(RealJobs.Names.Count, keys.Distinct().Count());
        ArtifactManifest searched = Read(builds.First, RealJobs.Searched);
        Assert.Equal("static", searched.Activations);
        Assert.Contains(searched.Findings!, finding => finding.Chosen);
        Assert.Equal(8, Read(builds.First, RealJobs.Learned).Learning!.Steps);
        ArtifactManifest fed = Read(builds.First, RealJobs.Fed);
        Assert.Equal("W4A8", fed.Precision);
        Assert.Equal("Rotated", fed.Recipe);
    }

    [Fact]
    public void The_manifest_says_what_it_was_made_on_and_with()
    {
        ArtifactManifest manifest = Read(builds.First, RealJobs.Searched);
        ManifestEnvironment environment = manifest.Environment!;
        Assert.Equal(ManifestJson.Format(manifest with { Environment = EngineEnvironment.Describe() }), ManifestJson.Format(manifest));
        Assert.NotEmpty(environment.Processor);
        Assert.NotEmpty(environment.Instructions);
        Assert.Equal("cpu", environment.Device);
        Assert.Equal("0.107.0", environment.TorchSharp);
        Assert.StartsWith("2.10.0", environment.Libtorch, StringComparison.Ordinal);
        Assert.DoesNotContain(Path.GetTempPath(), ManifestJson.Format(manifest), StringComparison.Ordinal);
    }

    private static ArtifactManifest Read(string folder, string name)
    {
        using ArtifactFile file = ArtifactFile.Open(RealJobs.OutputOf(folder, name));
        return file.Manifest;
    }

    private static List<string> Differences(string expected, string actual)
    {
        using ArtifactFile one = ArtifactFile.Open(expected);
        using ArtifactFile two = ArtifactFile.Open(actual);
        List<string> names = [.. one.Manifest.Digests.Where(digest => two.Manifest.Digests.GetValueOrDefault(digest.Key) != digest.Value).Select(digest => digest.Key)];
        if (ManifestJson.Format(one.Manifest with { Digests = two.Manifest.Digests }) != ManifestJson.Format(two.Manifest))
        {
            names.Add("the manifest beside its digests");
        }

        return names;
    }
}
