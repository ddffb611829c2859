using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace MobileQuant.Build.Diagnostics;

/// <summary>
/// Tells when lines for people must go to the console directly. `dotnet run` builds with a logger that shows nothing but warnings
/// and errors, so a first run that quantizes for a minute would look as if it hung. Standard output stays the program's own.
/// </summary>
internal static class ConsoleEcho
{
    /// <summary>Whether this build is the silent half of `dotnet run` or `dotnet watch` in this very process.</summary>
    public static bool IsNeeded(TaskLoggingHelper log) =>
        !log.LogsMessagesOfImportance(MessageImportance.High) && IsRunCommand(Environment.GetCommandLineArgs());

    /// <summary>Whether the arguments of a process are those of `dotnet run` or `dotnet watch`.</summary>
    internal static bool IsRunCommand(string[] arguments) =>
        arguments.Length > 1
        && Path.GetFileNameWithoutExtension(arguments[0]).Equals("dotnet", StringComparison.OrdinalIgnoreCase)
        && arguments[1] is "run" or "watch";
}
