namespace MobileQuant.Tool;

/// <summary>Where a command writes. Results go to <paramref name="Out"/>; progress, warnings and errors to <paramref name="Error"/>.</summary>
/// <param name="Out">Standard output, or a test's stand-in.</param>
/// <param name="Error">Standard error, or a test's stand-in.</param>
/// <param name="IsErrorTerminal">True when <paramref name="Error"/> shows lines to a person, who likes one line that changes.</param>
internal sealed record ToolConsole(TextWriter Out, TextWriter Error, bool IsErrorTerminal);
