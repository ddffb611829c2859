using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Tests;

public sealed class ConsoleProgressTests
{
    [Fact]
    public void A_terminal_sees_one_line_that_changes_and_is_gone_at_the_end()
    {
        string shown = Show(isTerminal: true);

        Assert.Equal(1, shown.Count(c => c == '\n'));
        Assert.Contains("\rload: reading (0 %)", shown, StringComparison.Ordinal);
        Assert.EndsWith("\r", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void Elsewhere_a_step_is_told_at_its_beginning_and_end_on_lines_of_their_own() =>
        Assert.Equal(
            ["load: reading (0 %)", "load: reading (100 %)", "a fact", "warning MQ4004: something", "write: writing"],
            Show(isTerminal: false).Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));

    private static string Show(bool isTerminal)
    {
        using StringWriter error = new();
        using (ConsoleProgress progress = new(new ToolConsole(TextWriter.Null, error, isTerminal, TextReader.Null, IsInTerminal: false)))
        {
            for (int i = 0; i <= 100; i++)
            {
                progress.Report(new QuantizationEvent.Progress("load", "reading", i, 100));
            }

            if (!isTerminal)
            {
                progress.Report(new QuantizationEvent.Message("a fact"));
            }

            progress.Report(new QuantizationEvent.Warning("MQ4004", "something"));
            progress.Report(new QuantizationEvent.Progress("write", "writing", 0, 0));
        }

        return error.ToString();
    }
}
