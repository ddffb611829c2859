using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MobileQuant.Evaluation.Comparison;

/// <summary>JSON of comparisons, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ComparisonResult))]
[JsonSerializable(typeof(ComparisonStateLine))]
internal sealed partial class ComparisonJson : JsonSerializerContext
{
    private static ComparisonJson? s_indented;
    private static ComparisonJson? s_lines;

    /// <summary>For results: indented.</summary>
    public static ComparisonJson Indented => s_indented ??= new(Style(indented: true));

    /// <summary>For state files: one line each.</summary>
    public static ComparisonJson Lines => s_lines ??= new(Style(indented: false));

    /// <summary>A result as indented JSON.</summary>
    public static string Text(ComparisonResult result) => JsonSerializer.Serialize(result, Indented.ComparisonResult);

    private static JsonSerializerOptions Style(bool indented) => new(Default.GeneratedSerializerOptions!)
    {
        WriteIndented = indented,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
