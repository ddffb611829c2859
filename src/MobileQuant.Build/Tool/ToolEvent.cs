using System.Globalization;

namespace MobileQuant.Build.Tool;

/// <summary>One event of the tool: progress, message, fingerprint, warning, error or result, and its fields.</summary>
internal sealed class ToolEvent
{
    private readonly IReadOnlyDictionary<string, string?> _values;

    private ToolEvent(string kind, IReadOnlyDictionary<string, string?> values)
    {
        Kind = kind;
        _values = values;
    }

    /// <summary>The field <c>event</c>.</summary>
    public string Kind { get; }

    /// <summary>Reads an event from a line.</summary>
    /// <returns>The event, or null when the line is none.</returns>
    public static ToolEvent? Parse(string line) =>
        JsonLine.TryParse(line, out IReadOnlyDictionary<string, string?> values) && values.TryGetValue("event", out string? kind) && kind is not null
            ? new ToolEvent(kind, values)
            : null;

    /// <summary>A field, or an empty text where it is missing or null.</summary>
    public string Text(string name) => _values.TryGetValue(name, out string? value) ? value ?? string.Empty : string.Empty;

    /// <summary>A number, or 0 where it is missing.</summary>
    public double Number(string name) =>
        double.TryParse(Text(name), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : 0;
}
