using System.Text;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>A report in Markdown: the sections' tables.</summary>
internal static class MarkdownReport
{
    /// <summary>Writes it.</summary>
    public static string Write(ReportModel model, IReadOnlyList<ReportSection> sections)
    {
        StringBuilder output = new();
        output.Append("# ").Append(SafeText.Markdown(model.Title)).Append('\n');
        foreach (ReportSection section in sections)
        {
            output.Append("\n## ").Append(SafeText.Markdown(section.Title)).Append("\n\n");
            if (section.Text.Length > 0)
            {
                output.Append(SafeText.Markdown(section.Text)).Append("\n\n");
            }

            MarkdownTable.Write(output, section.Table);
            foreach (string note in section.Notes)
            {
                output.Append('\n').Append(SafeText.Markdown(note)).Append('\n');
            }
        }

        return output.ToString();
    }
}
