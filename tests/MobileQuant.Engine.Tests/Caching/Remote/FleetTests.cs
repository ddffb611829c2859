using System.Diagnostics;
using MobileQuant.Caching.Remote;
using MobileQuant.JobHost;
using Xunit.Abstractions;

namespace MobileQuant.Tests.Caching.Remote;

/// <summary>A fleet of build agents on one Redis: what is made, what is taken from where, and what that saves.</summary>
public sealed class FleetTests(RedisServer redis, ITestOutputHelper output) : IClassFixture<RedisServer>, IDisposable
{
    private const int Agents = 8;

    /// <summary>What making a model takes here, in 32 parts; minutes to hours in earnest.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private static readonly string[] Models = ["chat", "search", "voice"];

    // What each commit has: the seed of a model's item, and the weights of its checkpoint.
    private static readonly (string Text, int ChatSeed, string SearchWeights)[] Commits =
    [
        ("three new models", 1, "first"),
        ("another setting for one", 2, "first"),
        ("nothing that concerns a model", 2, "first"),
        ("new weights for another", 2, "second"),
        ("the setting back", 1, "second"),
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RedisFact]
    public async Task Eight_agents_build_five_commits_and_make_each_model_once()
    {
        List<QuantizationResult> all = [];
        for (int commit = 0; commit < Commits.Length; commit++)
        {
            Stopwatch clock = Stopwatch.StartNew();
            QuantizationResult[] built = [.. (await Task.WhenAll(Enumerable.Range(0, Agents).Select(agent => Build(agent, commit)))).SelectMany(results => results)];
            all.AddRange(built);
            output.WriteLine($"{Commits[commit].Text}: {Describe(built)}, {clock.Elapsed.TotalSeconds:f1} s");

            // Whoever made it: every agent has the same bytes.
            foreach (IGrouping<string, QuantizationResult> key in built.GroupBy(result => result.Fingerprint))
            {
                Assert.All(key, result => Assert.Equal(SlowProducer.Content(key.Key), File.ReadAllBytes(result.OutputPath)));
            }
        }

        QuantizationResult[] made = [.. all.Where(result => result.From is null)];
        double average = made.Average(result => result.Elapsed.TotalSeconds);
        output.WriteLine($"{Agents} agents, {Commits.Length} commits: {Describe(all)}; {(average * (all.Count - made.Length)) - all.Except(made).Sum(result => result.Elapsed.TotalSeconds):f0} s saved at {average:f1} s a model");
        Assert.Equal(Agents * Commits.Length * Models.Length, all.Count);
        Assert.Equal(5, made.Length);
        Assert.Equal(5, made.Select(result => result.Fingerprint).Distinct().Count());

        // Those that keep their homes have ten of twelve later models; the fresh ones fetch all.
        Assert.Equal(Agents / 2 * 10, all.Count(result => result.From == ArtifactSource.Store));
        Assert.Equal(75, all.Count(result => result.From == ArtifactSource.Remote));
    }

    private static string Describe(IReadOnlyCollection<QuantizationResult> results) =>
        $"{results.Count(result => result.From is null)} made, {results.Count(result => result.From == ArtifactSource.Remote)} from the remote cache "
        + $"({results.Where(result => result.From == ArtifactSource.Remote).Sum(result => result.Bytes) / 1e6:f1} MB), {results.Count(result => result.From == ArtifactSource.Store)} from stores";

    /// <summary>One agent's build of one commit: every second agent keeps its home, the others are new each time.</summary>
    private async Task<QuantizationResult[]> Build(int agent, int commit)
    {
        bool keepsHome = agent % 2 == 0;
        string home = _folder[keepsHome ? $"agent {agent}" : $"agent {agent} of commit {commit}"];
        using RedisRemoteStore remote = redis.Connect();
        List<QuantizationResult> results = [];
        foreach (string model in Models)
        {
            string checkpoint = $"{home}/checkout/{model}";
            _folder.Write($"{checkpoint}/config.json", $$"""{ "name": "{{model}}" }""");
            _folder.Write($"{checkpoint}/model.safetensors", model == "search" ? Commits[commit].SearchWeights : "weights");
            results.Add(await new QuantizationJob(new SlowProducer(Pause)).ExecuteAsync(
                new()
                {
                    CheckpointPath = checkpoint,
                    OutputPath = $"{home}/out {commit}/{model}.mq.safetensors",
                    CacheDirectory = $"{home}/store",
                    Seed = model == "chat" ? Commits[commit].ChatSeed : 1,
                    RemoteStore = remote,
                },
                null,
                default));
        }

        return [.. results];
    }
}
