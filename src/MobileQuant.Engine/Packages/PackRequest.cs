namespace MobileQuant.Packages;

/// <summary>What to pack, and what the package says of itself.</summary>
internal sealed record PackRequest
{
    /// <summary>An artifact, a GGUF file, or a checkpoint's folder.</summary>
    public required string Source { get; init; }

    /// <summary>The folder of the package file, which is named <c>ID.VERSION.nupkg</c>.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>The package's id.</summary>
    public required string Id { get; init; }

    /// <summary>The package's version.</summary>
    public required string Version { get; init; }

    /// <summary>Separated by commas; null: the id.</summary>
    public string? Authors { get; init; }

    /// <summary>A sentence; null: what it is.</summary>
    public string? Description { get; init; }

    /// <summary>An SPDX expression.</summary>
    public string? License { get; init; }

    /// <summary>The text of the licence, instead of <see cref="License"/>.</summary>
    public string? LicenseFile { get; init; }

    /// <summary>A Markdown file that feeds show.</summary>
    public string? Readme { get; init; }

    /// <summary>An address that feeds show.</summary>
    public string? ProjectUrl { get; init; }
}
