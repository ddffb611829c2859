namespace MobileQuant.Evaluation.Reporting;

/// <summary>A table of a report; texts are not encoded yet.</summary>
/// <param name="Columns">Header by header, units in it.</param>
/// <param name="Rows">As many cells as columns each.</param>
internal sealed record ReportTable(IReadOnlyList<ReportColumn> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);
