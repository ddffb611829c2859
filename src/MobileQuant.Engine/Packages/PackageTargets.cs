using System.Text;
using System.Xml.Linq;

namespace MobileQuant.Packages;

/// <summary>The build files of a package with a model: an app that references the package gets the model beside it, as content of its own.</summary>
internal static class PackageTargets
{
    /// <summary>Writes them.</summary>
    /// <param name="root">The artifact: relative to the package, with forward slashes.</param>
    public static byte[] For(string root)
    {
        XElement project = new(
            "Project",
            new XElement(
                "ItemGroup",
                new XElement(
                    "None",
                    new XAttribute("Include", "$(MSBuildThisFileDirectory)../" + Escape(root)),
                    new XAttribute("Link", Escape(root)),
                    new XAttribute("CopyToOutputDirectory", "PreserveNewest"),
                    new XAttribute("CopyToPublishDirectory", "PreserveNewest"),
                    new XAttribute("ExcludeFromSingleFile", "true"),
                    new XAttribute("Pack", "false"),
                    new XAttribute("Visible", "false"))));
        return Encoding.UTF8.GetBytes(project.ToString().ReplaceLineEndings("\n") + "\n");
    }

    /// <summary>What MSBuild would expand stands for itself.</summary>
    private static string Escape(string text) => string.Concat(text.Select(c => "%$@'();*?".Contains(c, StringComparison.Ordinal) ? $"%{(int)c:X2}" : c.ToString()));
}
