namespace MobileQuant.Evaluation.Reporting;

/// <summary>A part of a report, before it is put in a form.</summary>
/// <param name="Id">Its anchor: lower-case letters.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Text">What it shows, in a sentence or two; not encoded.</param>
/// <param name="Table">The figures.</param>
internal sealed record ReportSection(string Id, string Title, string Text, ReportTable Table)
{
    /// <summary>The figures as pictures: SVG, encoded. The table says the same.</summary>
    public IReadOnlyList<string> Charts { get; init; } = [];

    /// <summary>Sentences below the table; not encoded.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether the table is long and the charts say enough at first sight.</summary>
    public bool IsFolded { get; init; }
}
