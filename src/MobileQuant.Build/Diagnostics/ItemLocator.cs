using System.Xml;
using System.Xml.Linq;
using Microsoft.Build.Framework;
using MobileQuant.Build.Models;

namespace MobileQuant.Build.Diagnostics;

/// <summary>
/// Finds the element that declared an item. MSBuild tells tasks the defining file but not the line, so the file is read again:
/// only when something is wrong.
/// </summary>
internal static class ItemLocator
{
    private const string ModelElement = "QuantizedModel";

    /// <summary>The place of an item, or of one of its metadata where that is written out.</summary>
    /// <param name="item">An item as the project declared it, or one made of it by <see cref="CollectModels"/>.</param>
    /// <param name="projectFile">Where to point when the item does not know its file.</param>
    /// <param name="metadata">The metadata to point at, or null for the item.</param>
    /// <param name="element">The kind of item.</param>
    /// <returns>A place; the file alone when the item was made from wildcards, properties or by a target.</returns>
    public static SourceLocation Find(ITaskItem item, string projectFile, string? metadata = null, string element = ModelElement)
    {
        string include = FirstOf(item.GetMetadata(ModelMetadata.SourceInclude), item.ItemSpec);
        string file = FirstOf(item.GetMetadata(ModelMetadata.SourceFile), item.GetMetadata("DefiningProjectFullPath"), projectFile);
        XElement[] elements = ReadElements(file, element);
        XElement[] matches = elements.Where(one => Declares(one, include)).ToArray();
        XElement? found = matches.Length > 0 ? Closest(matches, item) : elements.Length == 1 ? elements[0] : null;
        if (found is null)
        {
            return new SourceLocation(file);
        }

        XObject place = metadata is null
            ? found
            : found.Attribute(metadata) ?? (XObject?)found.Elements().FirstOrDefault(child => child.Name.LocalName == metadata) ?? found;
        IXmlLineInfo line = place;
        return line.HasLineInfo() ? new SourceLocation(file, line.LineNumber, line.LinePosition) : new SourceLocation(file);
    }

    private static string FirstOf(params string[] texts) => Array.Find(texts, text => text.Length > 0) ?? string.Empty;

    private static XElement[] ReadElements(string file, string name)
    {
        try
        {
            XmlReaderSettings settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null };
            using XmlReader reader = XmlReader.Create(file, settings);
            return XDocument.Load(reader, LoadOptions.SetLineInfo).Descendants()
                .Where(element => element.Name.LocalName == name && element.Attribute("Include") is not null)
                .ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or XmlException)
        {
            return [];
        }
    }

    private static bool Declares(XElement element, string include) =>
        element.Attribute("Include")!.Value.Split(';').Any(part => Normalize(part) == Normalize(include));

    // Several items may share an Include and differ in metadata: the one that says most of what the item has is meant.
    private static XElement Closest(XElement[] matches, ITaskItem item) =>
        matches.Where(element => Metadata(element).All(attribute => item.GetMetadata(attribute.Name.LocalName) == attribute.Value))
            .OrderByDescending(element => Metadata(element).Count())
            .FirstOrDefault() ?? matches[0];

    private static IEnumerable<XAttribute> Metadata(XElement element) =>
        element.Attributes().Where(attribute => attribute.Name.LocalName is not ("Include" or "Condition" or "Exclude"));

    private static string Normalize(string path) => path.Trim().Replace('\\', '/').TrimEnd('/');
}
