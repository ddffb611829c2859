namespace MobileQuant.Build.Accessors;

/// <summary>One property of the class that a project gets.</summary>
internal sealed class PackagedModelEntry(string identifier, string name, string link, string recipe, string precision)
{
    public string Identifier { get; } = identifier;

    public string Name { get; } = name;

    /// <summary>Where the artifact is, relative to the app, with forward slashes on every system.</summary>
    public string Link { get; } = link.Replace('\\', '/');

    public string Recipe { get; } = recipe;

    public string Precision { get; } = precision;
}
