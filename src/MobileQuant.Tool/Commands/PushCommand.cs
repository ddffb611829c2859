using System.CommandLine;
using MobileQuant.Packages;
using MobileQuant.Tool.Output;
using NuGet.Packaging.Core;

namespace MobileQuant.Tool.Commands;

/// <summary><c>mobilequant push</c>: a package goes to a feed.</summary>
internal sealed class PushCommand
{
    /// <summary>Shown below the help.</summary>
    public const string Examples = """
          mobilequant push Contoso.TinyModel.1.0.0.nupkg --source feed
          MOBILEQUANT_FEED_API_KEY=... mobilequant push Contoso.TinyModel.1.0.0.nupkg --source contoso --skip-duplicate
        """;

    private readonly Argument<string> _package = new("package") { Description = "A .nupkg that `mobilequant pack` made." };
    private readonly Option<string?> _source = new("--source", "-s") { Description = "A configured source, an address, or a folder; default: defaultPushSource of the NuGet settings.", HelpName = "source" };
    private readonly Option<bool> _skipDuplicate = new("--skip-duplicate") { Description = "A version that is there already is left alone, and no error." };
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly ToolConsole _console;

    private PushCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        PushCommand self = new(console);
        Command command = new("push", $"Sends a package with a model to a feed. API keys come from {PackagePusher.KeyVariable} or the NuGet settings.")
        {
            self._package, self._source, self._skipDuplicate, self._json,
        };
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        (PackageIdentity package, string source) pushed;
        using (ConsoleProgress progress = new(_console))
        {
            pushed = await PackagePusher.PushAsync(
                parsed.GetRequiredValue(_package), parsed.GetValue(_source), Directory.GetCurrentDirectory(), parsed.GetValue(_skipDuplicate), progress, cancellationToken).ConfigureAwait(false);
        }

        string version = pushed.package.Version.ToNormalizedString();
        _console.Out.WriteLine(parsed.GetValue(_json)
            ? ToolJson.Text(new PushResult(pushed.package.Id, version, pushed.source), ToolJson.Indented.PushResult)
            : $"{pushed.package.Id} {version} is at {pushed.source}");
        return ExitCodes.Good;
    }
}
