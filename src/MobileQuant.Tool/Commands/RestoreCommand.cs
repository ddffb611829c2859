using System.CommandLine;
using MobileQuant.Caching;
using MobileQuant.Packages;
using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Commands;

/// <summary><c>mobilequant restore</c>: a package with a model comes from a feed to this machine.</summary>
internal sealed class RestoreCommand
{
    /// <summary>Shown below the help.</summary>
    public const string Examples = """
          mobilequant restore Contoso.TinyModel/1.0.0
          mobilequant restore Contoso.TinyLlama/1.0.0 --source feed --json
          mobilequant quantize package:Contoso.TinyLlama/1.0.0 -o tiny.mq.safetensors
        """;

    private readonly Argument<string> _package = new("package") { Description = "Id and exact version: Contoso.TinyModel/1.0.0." };
    private readonly Option<string[]> _sources = new("--source", "-s") { Description = "Ask these instead of the configured sources: a source's name, an address, or a folder; repeatable.", HelpName = "source", DefaultValueFactory = _ => [] };
    private readonly Option<string?> _packages = new("--packages") { Description = "Where to keep it; default: the global packages folder of NuGet.", HelpName = "folder" };
    private readonly Option<bool> _offline = new("--offline") { Description = "Use no network: what is there already, and folders." };
    private readonly Option<bool> _force = new("--force") { Description = "Fetch it again even when it is there." };
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly ToolConsole _console;

    private RestoreCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        RestoreCommand self = new(console);
        Command command = new("restore", "Fetches a package with a model into the global packages folder, and compares every file with its digest.")
        {
            self._package, self._sources, self._packages, self._offline, self._force, self._json,
        };
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        RestoreOptions options = new()
        {
            BaseDirectory = Directory.GetCurrentDirectory(),
            Sources = parsed.GetRequiredValue(_sources),
            Offline = parsed.GetValue(_offline),
            PackagesFolder = parsed.GetValue(_packages),
            Force = parsed.GetValue(_force),
        };
        RestoredPackage package;
        using (ConsoleProgress progress = new(_console))
        {
            package = await PackageRestorer.RestoreAsync(PackageName.Parse(parsed.GetRequiredValue(_package)), options, new FileDigests(null), progress, cancellationToken).ConfigureAwait(false);
        }

        string kind = CommonOptions.NameOf(package.Descriptor.Kind);
        _console.Out.WriteLine(parsed.GetValue(_json)
            ? ToolJson.Text(new RestoreResult(package.Name.Id, package.Name.Version, kind, package.ModelPath, package.Source), ToolJson.Indented.RestoreResult)
            : $"{package.ModelPath}: {kind} of {package.Name.Id} {package.Name.Version}, {(package.Source is null ? "already there" : $"from {package.Source}")}");
        return ExitCodes.Good;
    }
}
