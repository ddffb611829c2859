using System.Text;
using MobileQuant.Evaluation.Comparison;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>A comparison in Markdown: what was compared, the table, and why rows are missing figures.</summary>
public static class ComparisonMarkdown
{
    /// <summary>Writes it.</summary>
    /// <param name="result">The comparison.</param>
    /// <returns>Lines that end in a line feed.</returns>
    public static string Write(ComparisonResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        StringBuilder output = new();
        output.Append(SafeText.Markdown(ComparisonTable.Describe(result))).Append("\n\n");
        MarkdownTable.Write(output, ComparisonTable.Of(result));
        foreach (string note in Notes(result))
        {
            output.Append('\n').Append(SafeText.Markdown(note)).Append('\n');
        }

        return output.ToString();
    }

    /// <summary>A sentence for each row that failed.</summary>
    internal static IEnumerable<string> Notes(ComparisonResult result) =>
        from row in result.Rows
        where row.Error is not null
        select $"{row.Recipe} {row.Precision} ({row.Activations}, {row.Weights}): {row.Error!.Code}: {row.Error.Message} {row.Error.Remedy}".TrimEnd();
}
