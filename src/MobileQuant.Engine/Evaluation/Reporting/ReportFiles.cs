using System.Text;
using MobileQuant.Caching;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>Where a report is written: one page of HTML, with the same as JSON and as Markdown beside it.</summary>
public sealed class ReportFiles
{
    private readonly string _path;

    private ReportFiles(string path) => _path = path;

    /// <summary>Names the files and proves that they can be written: before the work, not after it.</summary>
    /// <param name="path">The page, NAME.html; the others are NAME.json and NAME.md.</param>
    /// <returns>The files.</returns>
    /// <exception cref="MobileQuantException">MQ1027: not NAME.html; MQ4001, MQ4002: it cannot be written.</exception>
    public static ReportFiles At(string path)
    {
        string full = string.IsNullOrWhiteSpace(path) ? string.Empty : Path.GetFullPath(path);
        if (!full.EndsWith(".html", StringComparison.OrdinalIgnoreCase) || Path.GetFileNameWithoutExtension(full).Length == 0 || Directory.Exists(full))
        {
            throw new MobileQuantException("MQ1027", $"The report is '{path}'; expected a file name that ends in .html.", "Name a page, such as report.html; report.json and report.md are written beside it.");
        }

        DiskErrors.RequireWritable(full);
        return new(full);
    }

    /// <summary>Writes all three, each by one rename.</summary>
    /// <param name="model">The report.</param>
    /// <exception cref="MobileQuantException">MQ4001, MQ4002: the disk.</exception>
    public void Write(ReportModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        IReadOnlyList<ReportSection> sections = ReportSections.Of(model);
        Write(Path.ChangeExtension(_path, ".json"), ReportJson.Text(model));
        Write(Path.ChangeExtension(_path, ".md"), MarkdownReport.Write(model, sections));
        Write(_path, HtmlReport.Write(model, sections));
    }

    private static void Write(string path, string text)
    {
        try
        {
            using TemporaryPath temporary = TemporaryPath.Beside(path);
            File.WriteAllText(temporary.Path, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            File.Move(temporary.Path, path, overwrite: true);
        }
        catch (IOException e) when (DiskErrors.IsDiskFull(e))
        {
            throw DiskErrors.Full(e, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MobileQuantException("MQ4002", $"{path} cannot be written: {e.Message}", "Choose a place that can be written, or correct its permissions.", e);
        }
    }
}
