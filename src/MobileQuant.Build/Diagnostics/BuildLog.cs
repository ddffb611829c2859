using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace MobileQuant.Build.Diagnostics;

/// <summary>Writes diagnostics with a code, a place and a link to the code's page.</summary>
/// <param name="log">The task's log.</param>
/// <param name="helpLinkBase">A folder or a web address that ends with its separator; CODE.md is appended.</param>
internal sealed class BuildLog(TaskLoggingHelper log, string helpLinkBase)
{
    private readonly bool _echo = ConsoleEcho.IsNeeded(log);

    /// <summary>Logs an error; the remedy becomes its last sentence.</summary>
    public void Error(string code, SourceLocation at, string message, string? remedy = null) =>
        log.LogError(null, code, null, HelpLink(code), at.File, at.Line, at.Column, 0, 0, Text(message, remedy));

    /// <summary>Logs a warning; the remedy becomes its last sentence.</summary>
    public void Warning(string code, SourceLocation at, string message, string? remedy = null) =>
        log.LogWarning(null, code, null, HelpLink(code), at.File, at.Line, at.Column, 0, 0, Text(message, remedy));

    /// <summary>Logs a line as it is: braces in it mean nothing.</summary>
    public void Message(MessageImportance importance, string text) => log.LogMessage(importance, Plain(text));

    /// <summary>Logs a line that people should see at normal verbosity, wherever this build shows its lines.</summary>
    public void Announce(string text)
    {
        Message(MessageImportance.High, text);
        if (_echo)
        {
            Console.Error.WriteLine(Plain(text));
        }
    }

    private string HelpLink(string code)
    {
        string link = helpLinkBase.Length == 0 ? string.Empty : helpLinkBase + code + ".md";
        return Path.IsPathRooted(link) ? new Uri(link).AbsoluteUri : link;
    }

    private static string Text(string message, string? remedy) =>
        Plain(string.IsNullOrWhiteSpace(remedy) ? message : message.TrimEnd() + " " + remedy!.Trim());

    // A line break would end the diagnostic for tools that read build output.
    private static string Plain(string text) => text.Replace("\r", string.Empty).Replace('\n', ' ');
}
