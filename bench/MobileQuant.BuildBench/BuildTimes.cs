using System.Globalization;
using System.Text.RegularExpressions;

namespace MobileQuant.BuildBench;

/// <summary>The same clean build with its model from everywhere that it can come from, in turns.</summary>
internal sealed partial class BuildTimes
{
    private static readonly IReadOnlyDictionary<string, string> s_nothing = new Dictionary<string, string>();

    private readonly SampleApp _app;
    private readonly BenchFolder _folder;
    private readonly Action<string> _progress;
    private int _stores;

    public BuildTimes(SampleApp app, BenchFolder folder, Action<string> progress)
    {
        _app = app;
        _folder = folder;
        _progress = progress;
    }

    /// <summary>Measures.</summary>
    /// <param name="rounds">How often each.</param>
    /// <returns>A row for each.</returns>
    public IReadOnlyList<BuildRow> Measure(int rounds)
    {
        // The first build fills the store and the shared folder, fetches libtorch where it is not there, and warms up what can be.
        string full = _folder["store"];
        string shared = new Uri(_folder["shared"]).AbsoluteUri;
        _progress("a first build, not counted");
        _app.Clean();
        _app.Build(full, s_nothing, $"-p:MobileQuantRemoteCache={shared}");
        using RedisProcess redis = new(_folder["redis"]);
        if (redis.Address is not null)
        {
            DotNet.Run(_app.Directory, redis.Variables, Packages.Tool, "cache", "push", "--cache-directory", full, "--remote-cache", redis.Address);
        }

        Case[] cases =
        [
            new("no model (MobileQuantEnabled=false)", null, () => full, s_nothing, ["-p:MobileQuantEnabled=false"]),
            new("cold: quantized", "quantized", NewStore, s_nothing, []),
            new("warm store", "from the store", () => full, s_nothing, []),
            new("warm shared folder, empty store", "from the remote cache", NewStore, s_nothing, [$"-p:MobileQuantRemoteCache={shared}"]),
            new("warm Redis, empty store", "from the remote cache", NewStore, redis.Variables, [$"-p:MobileQuantRemoteCache={redis.Address}"], redis.Problem),
        ];
        List<(double Build, double? Tool)>[] times = [.. cases.Select(_ => new List<(double, double?)>())];
        for (int round = 1; round <= rounds; round++)
        {
            for (int i = 0; i < cases.Length; i++)
            {
                if (cases[i].Problem is null)
                {
                    _progress($"round {round} of {rounds}: {cases[i].Name}");
                    times[i].Add(Run(cases[i]));
                }
            }
        }

        // The last build of all may have had no model.
        _app.Clean();
        _app.Build(full, s_nothing);
        return [.. cases.Select((one, i) => Row(one, times[i]))];
    }

    private static BuildRow Row(Case one, List<(double Build, double? Tool)> times) => one.Problem is not null
        ? new(one.Name, null, null, [], one.Problem)
        : new(one.Name, Median.Of(times.Select(time => time.Build)), times[0].Tool is null ? null : Median.Of(times.Select(time => time.Tool!.Value)), [.. times.Select(time => Math.Round(time.Build, 3))], null);

    [GeneratedRegex(@"MobileQuant: stories-llama-2m: (?<from>quantized|from the store|from the remote cache) in (?<seconds>[0-9.]+) s")]
    private static partial Regex Line();

    private string NewStore() => _folder[$"store-{++_stores}"];

    private (double Build, double? Tool) Run(Case one)
    {
        _app.Clean();
        (string output, double seconds) = _app.Build(one.Store(), one.Variables, one.Arguments);
        Match line = Line().Match(output);
        string? from = line.Success ? line.Groups["from"].Value : null;
        return from == one.From
            ? (seconds, line.Success ? double.Parse(line.Groups["seconds"].Value, CultureInfo.InvariantCulture) : null)
            : throw new InvalidOperationException($"{one.Name}: the model came {from ?? "from nowhere"}:\n{output}");
    }

    private sealed record Case(string Name, string? From, Func<string> Store, IReadOnlyDictionary<string, string> Variables, string[] Arguments, string? Problem = null);
}
