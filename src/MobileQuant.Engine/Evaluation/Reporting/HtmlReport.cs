using System.Text;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>
/// A report as one page that needs nothing else: no scripts, no other files, no network. Light or dark as the reader's system is;
/// every chart has a table that says the same.
/// </summary>
internal static class HtmlReport
{
    /// <summary>Names up to here stay on one line.</summary>
    private const int LongestUnbroken = 28;

    /// <summary>Writes it.</summary>
    public static string Write(ReportModel model, IReadOnlyList<ReportSection> sections)
    {
        StringBuilder output = new();
        string title = SafeText.Html(model.Title);
        output.Append($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
            <title>{title}</title>
            <style>
            {ReportStyle.Css}
            </style>
            </head>
            <body>
            <header><h1>{title}</h1>
            <nav aria-label="Sections">
            """.ReplaceLineEndings("\n"));
        output.AppendJoin(' ', sections.Select(section => $"<a href=\"#{section.Id}\">{SafeText.Html(section.Title)}</a>"));
        output.Append("</nav></header>\n<main>\n");
        foreach (ReportSection section in sections)
        {
            Write(output, section);
        }

        return output.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static void Write(StringBuilder output, ReportSection section)
    {
        output.Append($"<section id=\"{section.Id}\" aria-labelledby=\"{section.Id}-title\">\n<h2 id=\"{section.Id}-title\">{SafeText.Html(section.Title)}</h2>\n");
        if (section.Text.Length > 0)
        {
            output.Append($"<p>{SafeText.Html(section.Text)}</p>\n");
        }

        if (section.Charts.Count > 0)
        {
            output.Append("<div class=\"charts\">\n");
            foreach (string chart in section.Charts)
            {
                output.Append($"<figure class=\"scroll\" tabindex=\"0\">{chart}</figure>\n");
            }

            output.Append("</div>\n");
        }

        output.Append(section.IsFolded ? $"<details><summary>All {section.Table.Rows.Count} rows as a table</summary>\n" : string.Empty);
        WriteTable(output, section);
        output.Append(section.IsFolded ? "</details>\n" : string.Empty);
        foreach (string note in section.Notes)
        {
            output.Append($"<p class=\"note\">{SafeText.Html(note)}</p>\n");
        }

        output.Append("</section>\n");
    }

    private static void WriteTable(StringBuilder output, ReportSection section)
    {
        output.Append($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{SafeText.Html(section.Title)}\">\n<table>\n<thead><tr>");
        foreach (ReportColumn column in section.Table.Columns)
        {
            output.Append($"<th scope=\"col\"{Class(column)}>{SafeText.Html(column.Header)}</th>");
        }

        output.Append("</tr></thead>\n<tbody>\n");
        foreach (IReadOnlyList<string> row in section.Table.Rows)
        {
            output.Append("<tr>");
            for (int i = 0; i < row.Count; i++)
            {
                output.Append($"<td{Class(section.Table.Columns[i], row[i])}>{SafeText.Html(row[i])}</td>");
            }

            output.Append("</tr>\n");
        }

        output.Append("</tbody>\n</table>\n</div>\n");
    }

    private static string Class(ReportColumn column, string? text = null) =>
        column.IsNumber ? " class=\"number\"" : text?.Length <= LongestUnbroken ? " class=\"short\"" : string.Empty;
}
