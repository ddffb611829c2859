using System.Text;

namespace MobileQuant.Build.Tool;

/// <summary>Joins arguments into the one string that process start takes on this target, by the rules .NET splits it with.</summary>
internal static class CommandLine
{
    public static string Join(params string[] arguments) => string.Join(" ", arguments.Select(Quote));

    private static string Quote(string argument)
    {
        StringBuilder quoted = new("\"");
        int backslashes = 0;
        foreach (char c in argument)
        {
            if (c == '\\')
            {
                backslashes++;
                continue;
            }

            // Backslashes are plain characters except in front of a quote, where each needs a second one.
            quoted.Append('\\', c == '"' ? (backslashes * 2) + 1 : backslashes).Append(c);
            backslashes = 0;
        }

        return quoted.Append('\\', backslashes * 2).Append('"').ToString();
    }
}
