using System.Text.RegularExpressions;

namespace MobileQuant.Build.Models;

/// <summary>An Include that names a package instead of a checkpoint: <c>package:Id/Version</c>. What it carries never changes.</summary>
internal sealed class ModelPackage
{
    private const string Scheme = "package:";

    private static readonly Regex Form = new(@"^(\w+([.-]\w+)*)/(\d+(\.\d+){0,3}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?)$", RegexOptions.CultureInvariant);

    private ModelPackage(string id, string version)
    {
        Id = id;
        Version = version;
    }

    /// <summary>The package's id; names the model where the item does not.</summary>
    public string Id { get; }

    /// <summary>The exact version.</summary>
    public string Version { get; }

    /// <summary>Whether an Include names a package, well or badly.</summary>
    public static bool IsMeant(string include) => include.TrimStart().StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads an Include, or returns null when it does not name an id and an exact version.</summary>
    public static ModelPackage? TryParse(string include)
    {
        string text = include.Trim().Replace('\\', '/');
        Match match = IsMeant(text) ? Form.Match(text.Substring(Scheme.Length).Trim()) : Match.Empty;
        return match.Success ? new ModelPackage(match.Groups[1].Value, match.Groups[3].Value) : null;
    }

    /// <summary>The one spelling that the tool and the settings file get.</summary>
    public override string ToString() => $"{Scheme}{Id}/{Version}";
}
