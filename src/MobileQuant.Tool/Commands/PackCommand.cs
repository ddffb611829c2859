using System.CommandLine;
using MobileQuant.Packages;
using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Commands;

/// <summary><c>mobilequant pack</c>: an artifact or a checkpoint becomes a NuGet package.</summary>
internal sealed class PackCommand
{
    /// <summary>Shown below the help.</summary>
    public const string Examples = """
          mobilequant pack tiny.mq.safetensors --id Contoso.TinyModel --version 1.0.0 -o feed
          mobilequant pack models/TinyLlama --id Contoso.TinyLlama --version 1.0.0 --license Apache-2.0
          mobilequant pack model.gguf --id Contoso.Model --version 2.1.0-beta --license-file LICENSE --readme MODEL.md
        """;

    private readonly Argument<string> _source = new("model") { Description = "An artifact, a GGUF file, or a Hugging Face folder." };
    private readonly Option<string> _id = new("--id") { Description = "The package's id, such as Contoso.TinyModel.", Required = true, HelpName = "id" };
    private readonly Option<string> _version = new("--version") { Description = "The package's version, such as 1.0.0.", Required = true, HelpName = "version" };
    private readonly Option<string> _output = new("--output", "-o") { Description = "The folder of the package file; default: the current one.", DefaultValueFactory = _ => ".", HelpName = "folder" };
    private readonly Option<string?> _authors = new("--authors") { Description = "Separated by commas; default: the id.", HelpName = "names" };
    private readonly Option<string?> _description = new("--description") { Description = "What feeds show; default: a sentence about the model.", HelpName = "text" };
    private readonly Option<string?> _license = new("--license") { Description = "The model's licence as an SPDX expression, such as Apache-2.0.", HelpName = "expression" };
    private readonly Option<string?> _licenseFile = new("--license-file") { Description = "The text of the model's licence.", HelpName = "file" };
    private readonly Option<string?> _readme = new("--readme") { Description = "A Markdown file that feeds show.", HelpName = "file" };
    private readonly Option<string?> _projectUrl = new("--project-url") { Description = "An address that feeds show.", HelpName = "address" };
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly ToolConsole _console;

    private PackCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        PackCommand self = new(console);
        Command command = new("pack", "Makes a NuGet package of an artifact or a checkpoint; the same content gives the same bytes.")
        {
            self._source, self._id, self._version, self._output, self._authors, self._description, self._license, self._licenseFile, self._readme, self._projectUrl, self._json,
        };
        command.SetAction((parsed, token) => Task.Run(() => self.Run(parsed, token), token));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        PackRequest request = new()
        {
            Source = parsed.GetRequiredValue(_source),
            OutputFolder = parsed.GetRequiredValue(_output),
            Id = parsed.GetRequiredValue(_id),
            Version = parsed.GetRequiredValue(_version),
            Authors = parsed.GetValue(_authors),
            Description = parsed.GetValue(_description),
            License = parsed.GetValue(_license),
            LicenseFile = parsed.GetValue(_licenseFile),
            Readme = parsed.GetValue(_readme),
            ProjectUrl = parsed.GetValue(_projectUrl),
        };
        PackedModel packed;
        using (ConsoleProgress progress = new(_console))
        {
            packed = PackageWriter.Write(request, progress, cancellationToken);
        }

        string kind = CommonOptions.NameOf(packed.Descriptor.Kind);
        _console.Out.WriteLine(parsed.GetValue(_json)
            ? ToolJson.Text(new PackResult(packed.Path, packed.Name.Id, packed.Name.Version, kind, packed.Bytes, packed.Sha256), ToolJson.Indented.PackResult)
            : $"{packed.Path}: {kind}, {Units.Bytes(packed.Bytes)}");
        return ExitCodes.Good;
    }
}
