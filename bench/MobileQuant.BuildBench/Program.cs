using System.Globalization;
using MobileQuant.BuildBench;

// What the build integration costs and saves (docs/design/build.md): no-op overhead, builds by where the model comes from, packages.
string? json = null;
int rounds = 3;
int noOps = 10;
for (int i = 0; i < args.Length; i += 2)
{
    string? value = i + 1 < args.Length ? args[i + 1] : null;
    switch (args[i])
    {
        case "--json" when value is not null:
            json = Path.GetFullPath(value);
            break;
        case "--rounds" when int.TryParse(value, CultureInfo.InvariantCulture, out rounds) && rounds > 0:
        case "--no-ops" when int.TryParse(value, CultureInfo.InvariantCulture, out noOps) && noOps > 0:
            break;
        default:
            Console.Error.WriteLine("usage: MobileQuant.BuildBench [--json FILE] [--rounds 3] [--no-ops 10]");
            return 2;
    }
}

using BenchFolder folder = new();
Progress("packing");
Packages packages = Packages.Pack(folder);
using SampleApp app = new(folder, packages);
BuildTimes builds = new(app, folder, Progress);
IReadOnlyList<BuildRow> rows = builds.Measure(rounds);
Progress($"{noOps} builds in which nothing changed");
NoOpResult noOp = NoOp.Measure(app, folder, noOps);
BenchResult result = new(Machine.Describe(), noOp, rows, packages.Sizes);
ResultTable.Write(Console.Out, result);
string document = BenchJson.Format(result);
if (json is null)
{
    Console.WriteLine();
    Console.WriteLine(document);
}
else
{
    Directory.CreateDirectory(Path.GetDirectoryName(json)!);
    File.WriteAllText(json, document + "\n");
}

return 0;

static void Progress(string text) => Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {text}");
