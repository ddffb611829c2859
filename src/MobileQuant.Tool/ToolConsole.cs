namespace MobileQuant.Tool;

/// <summary>Where a command reads and writes.</summary>
/// <param name="Out">Results only.</param>
/// <param name="Error">Progress, warnings and errors for people.</param>
/// <param name="IsErrorTerminal">Whether <paramref name="Error"/> can rewrite its last line.</param>
/// <param name="In">Prompts and messages.</param>
/// <param name="IsInTerminal">Whether someone types them.</param>
internal sealed record ToolConsole(TextWriter Out, TextWriter Error, bool IsErrorTerminal, TextReader In, bool IsInTerminal);
