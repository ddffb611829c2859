using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using MobileQuant.Tool.Commands;
using MobileQuant.Tool.Output;
using MobileQuant.Torch;

namespace MobileQuant.Tool;

/// <summary>The whole command line: parses, runs one command, turns what went wrong into one error and an exit code.</summary>
internal static class MobileQuantCommand
{
    /// <summary>Runs the tool.</summary>
    /// <param name="args">Arguments without the program's name.</param>
    /// <param name="stdout">Receives results.</param>
    /// <param name="stderr">Receives progress and errors for people.</param>
    /// <param name="cancellationToken">Stops the command.</param>
    /// <returns>The exit code, see <see cref="ExitCodes"/>.</returns>
    public static async Task<int> InvokeAsync(IReadOnlyList<string> args, TextWriter stdout, TextWriter stderr, CancellationToken cancellationToken = default) =>
        await InvokeAsync(args, null, stdout, stderr, cancellationToken).ConfigureAwait(false);

    /// <summary>Runs the tool with another standard input.</summary>
    /// <param name="args">Arguments without the program's name.</param>
    /// <param name="stdin">What commands read; null: standard input.</param>
    /// <param name="stdout">Receives results.</param>
    /// <param name="stderr">Receives progress and errors for people.</param>
    /// <param name="cancellationToken">Stops the command.</param>
    /// <returns>The exit code, see <see cref="ExitCodes"/>.</returns>
    public static async Task<int> InvokeAsync(IReadOnlyList<string> args, TextReader? stdin, TextWriter stdout, TextWriter stderr, CancellationToken cancellationToken = default)
    {
        ToolConsole console = new(stdout, stderr, ReferenceEquals(stderr, Console.Error) && !Console.IsErrorRedirected, stdin ?? Console.In, stdin is null && !Console.IsInputRedirected);
        ParseResult parsed = Create(console).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = ResponseFile.TryRead });
        ErrorReport report = ErrorReport.For(parsed, console);
        if (parsed.Action is ParseErrorAction)
        {
            string command = parsed.CommandResult.Command is RootCommand ? "" : $" {parsed.CommandResult.Command.Name}";
            report.Write("MQ1001", string.Join(" ", parsed.Errors.Take(3).Select(error => error.Message)), $"See `mobilequant{command} --help`.");
            return ExitCodes.Usage;
        }

        try
        {
            InvocationConfiguration configuration = new()
            {
                Output = stdout,
                Error = stderr,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return await parsed.InvokeAsync(configuration, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            report.Write("MQ1099", "Cancelled; nothing was left half-written.", null);
            return ExitCodes.Cancelled;
        }
        catch (MobileQuantException e)
        {
            report.Write(e.Code, e.Message, e.Remedy);
            return ExitCodes.For(e);
        }
        catch (Exception e) when (MemoryFailure.Explain(e) is { } explained)
        {
            report.Write(explained.Code, explained.Message, explained.Remedy);
            return ExitCodes.Failure;
        }
#pragma warning disable CA1031 // The last resort: whatever it is, the caller gets one error with a code and an exit code.
        catch (Exception e)
#pragma warning restore CA1031
        {
            report.Write("MQ9000", $"Internal error: {e.GetType().Name}: {e.Message}", "Report it with the command and the text on standard error.");
            await stderr.WriteLineAsync(e.ToString()).ConfigureAwait(false);
            return ExitCodes.Failure;
        }
    }

    private static RootCommand Create(ToolConsole console)
    {
        RootCommand root = new("Quantizes language models to integer-only artifacts, and inspects, evaluates, compares, hardens, runs, times and packs them.")
        {
            QuantizeCommand.Create(console),
            RunCommand.Create(console),
            EvalCommand.Create(console),
            CompareCommand.Create(console),
            HardenCommand.Create(console),
            InspectCommand.Create(console),
            BenchCommand.Create(console),
            DoctorCommand.Create(console),
            CacheCommand.Create(console),
            PackCommand.Create(console),
            PushCommand.Create(console),
            RestoreCommand.Create(console),
        };
        Dictionary<string, string> examples = new(StringComparer.Ordinal)
        {
            ["quantize"] = QuantizeCommand.Examples,
            ["run"] = RunCommand.Examples,
            ["eval"] = EvalCommand.Examples,
            ["compare"] = CompareCommand.Examples,
            ["harden"] = HardenCommand.Examples,
            ["inspect"] = InspectCommand.Examples,
            ["bench"] = BenchCommand.Examples,
            ["doctor"] = DoctorCommand.Examples,
            ["cache"] = CacheCommand.Examples,
            ["pack"] = PackCommand.Examples,
            ["push"] = PushCommand.Examples,
            ["restore"] = RestoreCommand.Examples,
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!, examples);
        return root;
    }
}
