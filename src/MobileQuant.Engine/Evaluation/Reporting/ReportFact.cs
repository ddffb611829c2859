namespace MobileQuant.Evaluation.Reporting;

/// <summary>A line of a report's summary.</summary>
/// <param name="Label">What.</param>
/// <param name="Value">With its unit.</param>
public sealed record ReportFact(string Label, string Value);
