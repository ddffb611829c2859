using MobileQuant.Tests;

namespace MobileQuant.Build.Tests.Infrastructure;

/// <summary>Where the things under test lie.</summary>
internal static class Repository
{
    /// <summary>The configuration that this test assembly was built in: bin/CONFIGURATION/net10.0.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public static string BuildSource => Path.Combine(SharedData.RepositoryRoot, "src", "MobileQuant.Build");

    public static string TasksAssembly => Path.Combine(AppContext.BaseDirectory, "MobileQuant.Build.dll");

    public static string StandInTool => Path.Combine(AppContext.BaseDirectory, "mobilequant-stand-in.dll");

    public static string Tool => Path.Combine(SharedData.RepositoryRoot, "src", "MobileQuant.Tool", "bin", Configuration, "net10.0", "mobilequant.dll");

    public static string RuntimeAssembly => Path.Combine(SharedData.RepositoryRoot, "src", "MobileQuant.Runtime", "bin", Configuration, "net10.0", "MobileQuant.Runtime.dll");

    public static string ErrorPages => Path.Combine(SharedData.RepositoryRoot, "docs", "errors");

    public static string StoryTeller => Path.Combine(SharedData.RepositoryRoot, "samples", "StoryTeller");
}
