using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using MobileQuant.Evaluation.Reporting;
using MobileQuant.Tests.Caching;

namespace MobileQuant.Tests.Evaluation.Reporting;

public partial class ReportTests
{
    private static readonly string[] AllTags =
    [
        "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "nav", "a", "main", "section", "p", "div", "figure", "details", "summary", "table", "thead", "tbody",
        "tr", "th", "td", "svg", "desc", "text", "line", "polyline", "circle",
    ];

    [Fact]
    public void Nothing_from_outside_becomes_markup()
    {
        string html = Html(SampleReport.Model(SampleReport.Hostile)).Replace("<!DOCTYPE html>", "", StringComparison.Ordinal);
        MatchCollection tags = Tag().Matches(html);

        Assert.Subset(AllTags.ToHashSet(), tags.Select(tag => tag.Groups["name"].Value).ToHashSet());
        string between = Tag().Replace(html[(html.IndexOf("</style>", StringComparison.Ordinal) + 8)..], "");
        Assert.DoesNotContain('<', between);
        Assert.DoesNotContain('>', between);
        Assert.DoesNotContain(html, character => (char.IsControl(character) && character != '\n') || char.IsSurrogate(character) || character == '\u202e');
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", html, StringComparison.Ordinal);

        // An attribute that is closed by what is inside it would leave a letter behind its quote.
        Assert.All(tags, tag => Assert.Matches("""^(\s+[a-zA-Z0-9:-]+="[^"<>]*")*\s*/?$""", tag.Groups["attributes"].Value));
        Assert.All(tags, tag => Assert.DoesNotMatch("""\son[a-z]+=|javascript:|\s(src|href)="(?!#)""", tag.Value));
    }

    [Fact]
    public void The_page_needs_nothing_else()
    {
        string html = Html(SampleReport.Model("model"));

        Assert.DoesNotContain("http:", html, StringComparison.Ordinal);
        Assert.DoesNotContain("https:", html, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", html, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", html, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme: dark", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Charts_are_well_formed_named_and_have_their_figures_in_a_table()
    {
        IReadOnlyList<ReportSection> sections = ReportSections.Of(SampleReport.Model(SampleReport.Hostile));

        Assert.Equal(["summary", "comparison", "fidelity", "activations", "learning", "findings", "settings"], sections.Select(section => section.Id));
        string[] charts = [.. sections.SelectMany(section => section.Charts)];
        Assert.Equal(3 + 2 + 1 + 2, charts.Length);
        foreach (string chart in charts)
        {
            XElement svg = XElement.Parse(chart);
            Assert.Equal("img", svg.Attribute("role")?.Value);
            Assert.NotEmpty(svg.Element("title")!.Value);
            Assert.NotEmpty(svg.Element("desc")!.Value);
            double width = double.Parse(svg.Attribute("viewBox")!.Value.Split(' ')[2], CultureInfo.InvariantCulture);
            Assert.All(svg.Descendants("circle"), circle => Assert.InRange(double.Parse(circle.Attribute("cx")!.Value, CultureInfo.InvariantCulture), 0, width));
            Assert.DoesNotContain("NaN", string.Concat(svg.DescendantsAndSelf().Attributes().Where(attribute => attribute.Name.LocalName is not "aria-label").Select(attribute => attribute.Value)), StringComparison.Ordinal);
        }

        Assert.All(sections, section => Assert.All(section.Table.Rows, row => Assert.Equal(section.Table.Columns.Count, row.Count)));
    }

    [Fact]
    public void The_comparison_shows_float_failures_and_both_computations()
    {
        ReportSection section = ReportSections.Of(SampleReport.Model("model"))[1];
        string[] headers = [.. section.Table.Columns.Select(column => column.Header)];

        Assert.Equal(["precision", "recipe", "perplexity model, simulation", "over float, %", "perplexity model, integers", "over float, %"], headers[..6]);
        Assert.Equal(["", "float", "8.6158", "", "", ""], section.Table.Rows[0].Take(6));
        Assert.Equal(["W8A8", "model", "8.6300", "+0.16", "8.6400", "+0.28"], section.Table.Rows[1].Take(6));
        Assert.Equal(["W4A8", "Broken", "", "", "", ""], section.Table.Rows[4].Take(6));
        Assert.Equal("MQ3010", section.Table.Rows[4][^1]);
        Assert.Equal("Broken W4A8 (static, symmetric): MQ3010: model model", Assert.Single(section.Notes));
        Assert.Equal("+25.0", section.Table.Rows[3][headers.ToList().IndexOf("over float, points")]);
    }

    [Fact]
    public void Equal_reports_are_equal_bytes_in_every_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            string expected = Html(SampleReport.Model("model"));
            CultureInfo comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            comma.NumberFormat.NumberDecimalSeparator = ",";
            comma.NumberFormat.NegativeSign = "~";
            CultureInfo.CurrentCulture = comma;
            Assert.Equal(expected, Html(SampleReport.Model("model")));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_report_is_three_files_beside_each_other()
    {
        using TemporaryFolder folder = new();
        ReportFiles.At(folder["deep/report.html"]).Write(SampleReport.Model("model"));

        Assert.Equal(["report.html", "report.json", "report.md"], Directory.EnumerateFiles(folder["deep"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(folder["deep/report.json"]));
        Assert.Equal("model", json.RootElement.GetProperty("title").GetString());
        Assert.Equal(4, json.RootElement.GetProperty("comparison").GetProperty("rows").GetArrayLength());
        Assert.StartsWith("# model\n\n## Summary\n", File.ReadAllText(folder["deep/report.md"]), StringComparison.Ordinal);
        Assert.Equal("MQ1027", Assert.Throws<MobileQuantException>(() => ReportFiles.At(folder["report.txt"])).Code);
        Assert.Equal("MQ1027", Assert.Throws<MobileQuantException>(() => ReportFiles.At("")).Code);
    }

    private static string Html(ReportModel model) => HtmlReport.Write(model, ReportSections.Of(model));

    [GeneratedRegex("""<!?/?(?<name>[a-zA-Z][a-zA-Z0-9]*)(?<attributes>(?:[^<>"]|"[^"]*")*)>""")]
    private static partial Regex Tag();
}
