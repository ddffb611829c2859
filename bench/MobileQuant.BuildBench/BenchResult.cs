namespace MobileQuant.BuildBench;

/// <summary>All figures; medians unless they say otherwise.</summary>
internal sealed record BenchResult(Machine Machine, NoOpResult NoOp, IReadOnlyList<BuildRow> Builds, IReadOnlyList<PackageSize> Packages);

/// <summary>A build in which nothing changed.</summary>
/// <param name="Runs">How many were measured.</param>
/// <param name="Milliseconds">In targets of ours.</param>
/// <param name="BuildSeconds">All of `dotnet build --no-restore`.</param>
/// <param name="Targets">Each target.</param>
internal sealed record NoOpResult(int Runs, double Milliseconds, double BuildSeconds, IReadOnlyList<TargetTime> Targets);

/// <summary>A target.</summary>
internal sealed record TargetTime(string Name, double Milliseconds);

/// <summary>A clean build.</summary>
/// <param name="Name">Where its model comes from.</param>
/// <param name="Seconds">All of `dotnet build --no-restore`; null: not measured.</param>
/// <param name="ToolSeconds">What the build says that the model took; null: there was none.</param>
/// <param name="Runs">Every build's seconds, in order.</param>
/// <param name="Skipped">Why it was not measured, or null.</param>
internal sealed record BuildRow(string Name, double? Seconds, double? ToolSeconds, IReadOnlyList<double> Runs, string? Skipped);

/// <summary>A package.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Files">How many files it has.</param>
/// <param name="Largest">Those that take most of it.</param>
internal sealed record PackageSize(string Id, long Bytes, int Files, IReadOnlyList<PackageMember> Largest);

/// <summary>A file in a package.</summary>
/// <param name="Path">In the package.</param>
/// <param name="CompressedBytes">In the package.</param>
/// <param name="Bytes">Unpacked.</param>
internal sealed record PackageMember(string Path, long CompressedBytes, long Bytes);
