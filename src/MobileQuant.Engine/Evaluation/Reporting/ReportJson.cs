using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>report.json, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ReportModel))]
internal sealed partial class ReportJson : JsonSerializerContext
{
    private static ReportJson? s_indented;

    /// <summary>A report as indented JSON that ends in a line feed.</summary>
    public static string Text(ReportModel model) => JsonSerializer.Serialize(model, (s_indented ??= new(new(Default.GeneratedSerializerOptions!)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    })).ReportModel) + "\n";
}
