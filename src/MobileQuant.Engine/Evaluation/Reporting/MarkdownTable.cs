using System.Text;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>Tables in Markdown that can be read as they are: columns are aligned.</summary>
internal static class MarkdownTable
{
    /// <summary>Writes a table.</summary>
    /// <param name="output">Receives its lines.</param>
    /// <param name="table">The table.</param>
    public static void Write(StringBuilder output, ReportTable table)
    {
        string[] headers = [.. table.Columns.Select(column => SafeText.Markdown(column.Header))];
        string[][] rows = [.. table.Rows.Select(row => row.Select(SafeText.Markdown).ToArray())];
        int[] widths = [.. headers.Select((header, i) => Math.Max(3, rows.Select(row => row[i].Length).Append(header.Length).Max()))];
        WriteRow(output, table, widths, headers);
        output.Append('|');
        for (int i = 0; i < widths.Length; i++)
        {
            output.Append(table.Columns[i].IsNumber ? $"-{new string('-', widths[i])}:|" : $"-{new string('-', widths[i])}-|");
        }

        output.Append('\n');
        foreach (string[] row in rows)
        {
            WriteRow(output, table, widths, row);
        }
    }

    private static void WriteRow(StringBuilder output, ReportTable table, int[] widths, string[] cells)
    {
        output.Append('|');
        for (int i = 0; i < cells.Length; i++)
        {
            output.Append(' ').Append(table.Columns[i].IsNumber ? cells[i].PadLeft(widths[i]) : cells[i].PadRight(widths[i])).Append(" |");
        }

        output.Append('\n');
    }
}
