using System.Globalization;
using System.Text;

namespace MobileQuant.Evaluation.Reporting.Charts;

/// <summary>An SVG picture that takes its colors from the page, so that it is readable in light and dark. All texts are encoded here.</summary>
internal sealed class SvgDrawing
{
    private readonly StringBuilder _content = new();
    private readonly string _title;
    private readonly string _description;
    private readonly double _width;
    private readonly double _height;

    /// <param name="title">Its name for readers that do not see it.</param>
    /// <param name="description">What it shows.</param>
    /// <param name="width">In user units; 1 is a pixel at full size.</param>
    /// <param name="height">In user units.</param>
    public SvgDrawing(string title, string description, double width, double height)
    {
        _title = title;
        _description = description;
        _width = width;
        _height = height;
    }

    /// <summary>A straight line.</summary>
    public void Line(string style, double x1, double y1, double x2, double y2) =>
        _content.Append(CultureInfo.InvariantCulture, $"<line class=\"{style}\" x1=\"{x1:0.#}\" y1=\"{y1:0.#}\" x2=\"{x2:0.#}\" y2=\"{y2:0.#}\"/>");

    /// <summary>A line through points.</summary>
    public void Polyline(string style, IEnumerable<(double X, double Y)> points) =>
        _content.Append(CultureInfo.InvariantCulture, $"<polyline class=\"{style}\" points=\"{string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.X:0.#},{point.Y:0.#}")))}\"/>");

    /// <summary>A point, with a text that shows when it is pointed at.</summary>
    public void Circle(string style, double x, double y, double radius, string? hint = null)
    {
        _content.Append(CultureInfo.InvariantCulture, $"<circle class=\"{style}\" cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"{radius:0.#}\"");
        _content.Append(hint is null ? "/>" : $"><title>{SafeText.Html(hint)}</title></circle>");
    }

    /// <summary>A text.</summary>
    /// <param name="style">Classes.</param>
    /// <param name="x">Its anchor.</param>
    /// <param name="y">Its base line.</param>
    /// <param name="text">Not encoded.</param>
    /// <param name="anchor">start, middle or end.</param>
    public void Text(string style, double x, double y, string text, string anchor = "start") =>
        _content.Append(CultureInfo.InvariantCulture, $"<text class=\"{style}\" x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\">").Append(SafeText.Html(text)).Append("</text>");

    /// <summary>The picture.</summary>
    /// <param name="style">Classes.</param>
    public string ToSvg(string style) => string.Create(
        CultureInfo.InvariantCulture,
        $"<svg class=\"{style}\" viewBox=\"0 0 {_width:0} {_height:0}\" role=\"img\" aria-label=\"{SafeText.Html(_title)}\"><title>{SafeText.Html(_title)}</title><desc>{SafeText.Html(_description)}</desc>{_content}</svg>");
}
