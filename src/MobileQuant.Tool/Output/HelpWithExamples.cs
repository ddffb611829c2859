using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace MobileQuant.Tool.Output;

/// <summary>The usual help, with a command's examples below.</summary>
internal sealed class HelpWithExamples(HelpAction help, IReadOnlyDictionary<string, string> examples) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int result = help.Invoke(parseResult);
        if (examples.TryGetValue(parseResult.CommandResult.Command.Name, out string? text))
        {
            TextWriter output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            output.WriteLine(text);
            output.WriteLine();
        }

        return result;
    }
}
