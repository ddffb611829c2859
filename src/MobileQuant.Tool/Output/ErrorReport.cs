using System.CommandLine;

namespace MobileQuant.Tool.Output;

/// <summary>Writes the one error of a failed command in the form that was asked for: text, --json or --events.</summary>
internal sealed class ErrorReport
{
    private readonly ToolConsole _console;
    private readonly bool _json;
    private readonly bool _events;

    private ErrorReport(ToolConsole console, bool json, bool events)
    {
        _console = console;
        _json = json;
        _events = events;
    }

    /// <summary>Looks at the raw tokens, so that it also works for arguments that make no sense.</summary>
    public static ErrorReport For(ParseResult parsed, ToolConsole console) =>
        new(console, parsed.Tokens.Any(token => token.Value == "--json"), parsed.Tokens.Any(token => token.Value == "--events"));

    public void Write(string code, string message, string? remedy)
    {
        if (_events)
        {
            _console.Out.WriteLine(ToolJson.Text(new ErrorEvent("error", code, message, remedy), ToolJson.Lines.ErrorEvent));
        }
        else if (_json)
        {
            _console.Out.WriteLine(ToolJson.Text(new ErrorResult(new ErrorBody(code, message, remedy)), ToolJson.Indented.ErrorResult));
        }
        else
        {
            _console.Error.WriteLine($"error {code}: {message}");
            if (remedy is not null)
            {
                _console.Error.WriteLine($"  {remedy}");
            }
        }
    }
}
