namespace MobileQuant.Evaluation.Reporting;

/// <summary>A column of a table.</summary>
/// <param name="Header">With the unit.</param>
/// <param name="IsNumber">Numbers stand at the right.</param>
internal sealed record ReportColumn(string Header, bool IsNumber = false);
