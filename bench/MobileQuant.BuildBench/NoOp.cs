using System.Globalization;

namespace MobileQuant.BuildBench;

/// <summary>What our targets cost in builds in which nothing changed.</summary>
internal static class NoOp
{
    /// <summary>Measures.</summary>
    /// <param name="app">Built.</param>
    /// <param name="folder">For files.</param>
    /// <param name="runs">How many builds; one more comes before and does not count.</param>
    public static NoOpResult Measure(SampleApp app, BenchFolder folder, int runs)
    {
        List<Dictionary<string, double>> targets = [];
        List<double> seconds = [];
        for (int run = 0; run <= runs; run++)
        {
            string file = folder[$"targets-{run}.txt"];
            (string output, double took) = app.Build(folder["store"], new Dictionary<string, string>(), $"-logger:MobileQuant.BuildBench.TargetTimes,{typeof(NoOp).Assembly.Location};{file}");
            if (output.Contains("MobileQuant:", StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"Something had changed:\n{output}");
            }

            if (run > 0)
            {
                seconds.Add(took);
                targets.Add(File.ReadAllLines(file).Select(line => line.Split(' ')).GroupBy(parts => parts[0])
                    .ToDictionary(group => group.Key, group => group.Sum(parts => double.Parse(parts[1], CultureInfo.InvariantCulture) / 1000)));
            }
        }

        return new(
            runs,
            Median.Of(targets.Select(run => run.Values.Sum())),
            Median.Of(seconds),
            [.. targets.SelectMany(run => run.Keys).Distinct().Select(name => new TargetTime(name, Median.Of(targets.Select(run => run.GetValueOrDefault(name))))).OrderByDescending(target => target.Milliseconds)]);
    }
}
