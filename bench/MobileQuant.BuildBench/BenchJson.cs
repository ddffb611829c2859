using System.Text.Encodings.Web;
using System.Text.Json;

namespace MobileQuant.BuildBench;

/// <summary>The result as a JSON document.</summary>
internal static class BenchJson
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Format(BenchResult result) => JsonSerializer.Serialize(result, s_options);
}
