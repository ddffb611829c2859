using System.CommandLine;

namespace MobileQuant.Tool.Commands;

/// <summary>Options that several commands share, and how their values are read.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json() => new("--json") { Description = "Print the result, or the error, as JSON and nothing else on standard output." };

    public static Option<int> Threads() => new("--threads") { Description = "Threads; 0: all cores. Never changes what integers compute.", HelpName = "number" };

    public static Option<string?> CacheDirectory() => new("--cache-directory") { Description = "The store's folder; default: MOBILEQUANT_CACHE_DIRECTORY, else the user's cache.", HelpName = "folder" };

    /// <summary>Reads <see cref="Threads"/>.</summary>
    /// <exception cref="MobileQuantException">MQ1003: below 0.</exception>
    public static int ReadThreads(ParseResult parsed, Option<int> option) => parsed.GetValue(option) is var threads and >= 0
        ? threads
        : throw new MobileQuantException("MQ1003", $"--threads is {parsed.GetValue(option)}; expected 0 (all cores) or more.", "Use 0 or a positive number.");

    /// <summary>An enumeration's value as help and JSON show it.</summary>
    public static string NameOf<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    /// <summary>The same, where there may be none.</summary>
    public static string? NameOf<T>(T? value)
        where T : struct, Enum => value is { } some ? NameOf(some) : null;

    /// <summary>Reads an enumeration by the names that help shows.</summary>
    /// <exception cref="MobileQuantException">MQ1003: another word.</exception>
    public static T Parse<T>(ParseResult parsed, Option<string> option)
        where T : struct, Enum => Parse<T>(option, parsed.GetRequiredValue(option));

    /// <summary>Reads several, separated by commas.</summary>
    /// <exception cref="MobileQuantException">MQ1003: another word.</exception>
    public static IReadOnlyList<T> ParseList<T>(ParseResult parsed, Option<string> option)
        where T : struct, Enum => [.. Split(parsed.GetRequiredValue(option)).Select(text => Parse<T>(option, text))];

    /// <summary>The parts of a list, separated by commas.</summary>
    public static string[] Split(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static T Parse<T>(Option<string> option, string text)
        where T : struct, Enum
    {
        foreach (T value in Enum.GetValues<T>())
        {
            if (string.Equals(value.ToString(), text.Trim(), StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        string names = string.Join(", ", Enum.GetValues<T>().Select(NameOf));
        throw new MobileQuantException("MQ1003", $"{option.Name} is '{text}'; expected one of: {names}.", $"Use one of: {names}.");
    }
}
