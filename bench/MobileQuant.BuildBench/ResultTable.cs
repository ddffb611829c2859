using System.Globalization;

namespace MobileQuant.BuildBench;

/// <summary>The result for people.</summary>
internal static class ResultTable
{
    public static void Write(TextWriter o, BenchResult result)
    {
        Machine machine = result.Machine;
        o.WriteLine($"StoryTeller with its model of 2 million parameters on {machine.Processors} x {machine.Processor}, {machine.System}, {machine.Framework}; medians");
        o.WriteLine();
        o.WriteLine(Text($"nothing changed ({result.NoOp.Runs} builds): {result.NoOp.Milliseconds:0.0} ms in our targets, of {result.NoOp.BuildSeconds:0.00} s"));
        foreach (TargetTime target in result.NoOp.Targets)
        {
            o.WriteLine(Text($"  {target.Name,-36} {target.Milliseconds,8:0.00} ms"));
        }

        o.WriteLine();
        o.WriteLine(Text($"{"clean build",-38} {"build",9} {"model",9}  each"));
        foreach (BuildRow row in result.Builds)
        {
            o.WriteLine(row.Skipped is not null
                ? $"  {row.Name,-36} skipped: {row.Skipped}"
                : Text($"  {row.Name,-36} {row.Seconds,7:0.00} s {(row.ToolSeconds is { } tool ? Text($"{tool:0.0} s") : "-"),9}  {string.Join(", ", row.Runs.Select(run => Text($"{run:0.00}")))}"));
        }

        foreach (PackageSize package in result.Packages)
        {
            o.WriteLine();
            o.WriteLine(Text($"{package.Id,-38} {package.Bytes / 1e6,7:0.00} MB, {package.Files} files"));
            foreach (PackageMember member in package.Largest)
            {
                o.WriteLine(Text($"  {member.Path,-62} {member.CompressedBytes / 1e6,7:0.00} MB of {member.Bytes / 1e6,7:0.00} MB"));
            }
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
