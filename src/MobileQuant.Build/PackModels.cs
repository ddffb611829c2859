using System.Xml.Linq;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using MobileQuant.Build.Diagnostics;
using MobileQuant.Build.Models;

namespace MobileQuant.Build;

/// <summary>
/// For a library's NuGet package: writes the targets that put its models beside the apps that use the package, and says so where the
/// package would bring more along than models and runtime.
/// </summary>
[MSBuildMultiThreadableTask]
public sealed class PackModels : Microsoft.Build.Utilities.Task
{
    private const string BuildPackage = "MobileQuant.Build";

    /// <summary>The artifacts that are packed, with the metadata Link and how they are to be copied.</summary>
    [Required]
    public ITaskItem[] Outputs { get; set; } = [];

    /// <summary>The project's package references.</summary>
    public ITaskItem[] PackageReferences { get; set; } = [];

    /// <summary>The file to write, absolute.</summary>
    [Required]
    public string TargetsFile { get; set; } = string.Empty;

    /// <summary>The project file, for diagnostics.</summary>
    [Required]
    public string ProjectFile { get; set; } = string.Empty;

    /// <summary>What links to error pages start with; ends with a slash.</summary>
    public string HelpLinkBase { get; set; } = string.Empty;

    /// <inheritdoc/>
    public override bool Execute()
    {
        BuildLog log = new(Log, HelpLinkBase);
        foreach (ITaskItem output in Outputs.Where(output => !File.Exists(output.ItemSpec)))
        {
            log.Error("MQ1115", new SourceLocation(ProjectFile), $"The model '{output.ItemSpec}' is to be packed and was not made.", "Build before packing: dotnet pack without --no-build.");
        }

        if (PackageReferences.FirstOrDefault(reference => Is(reference.ItemSpec, BuildPackage)) is { } build && !IsPrivate(build))
        {
            log.Warning(
                "MQ1114",
                ItemLocator.Find(build, ProjectFile, element: "PackageReference"),
                $"Whoever uses this package will depend on {BuildPackage} too, which its models do not need.",
                $"""Write <PackageReference Include="{BuildPackage}" PrivateAssets="all" /> and, for the apps, <PackageReference Include="MobileQuant.Runtime" />, both of one version.""");
        }

        TextFile.WriteWhenDifferent(TargetsFile, Targets() + "\n");
        return !Log.HasLoggedErrors;
    }

    private static bool Is(string name, string expected) => string.Equals(name, expected, StringComparison.OrdinalIgnoreCase);

    private static bool IsPrivate(ITaskItem reference) => reference.GetMetadata("PrivateAssets").Split(';').Any(asset => Is(asset.Trim(), "all"));

    /// <summary>An app's build and publish treat a model like content of its own.</summary>
    private XElement Targets() => new(
        "Project",
        new XElement("ItemGroup", Outputs.Select(output => new XElement(
            "None",
            new XAttribute("Include", "$(MSBuildThisFileDirectory)../" + FileList.Escape(output.GetMetadata(ModelMetadata.Link).Replace('\\', '/'))),
            new XAttribute("Link", FileList.Escape(output.GetMetadata(ModelMetadata.Link))),
            new XAttribute("CopyToOutputDirectory", output.GetMetadata(ModelMetadata.CopyToOutputDirectory)),
            new XAttribute("CopyToPublishDirectory", output.GetMetadata(ModelMetadata.CopyToPublishDirectory)),
            new XAttribute("ExcludeFromSingleFile", "true"),
            new XAttribute("Pack", "false"),
            new XAttribute("Visible", "false")))));
}
