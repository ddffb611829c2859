using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using MobileQuant.Caching;

namespace MobileQuant.Tool.Output;

/// <summary>JSON without reflection: camelCase, text readable as it is, null members written where the shape promises them.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ErrorEvent))]
[JsonSerializable(typeof(ErrorResult))]
[JsonSerializable(typeof(ProgressEvent))]
[JsonSerializable(typeof(MessageEvent))]
[JsonSerializable(typeof(FingerprintEvent))]
[JsonSerializable(typeof(WarningEvent))]
[JsonSerializable(typeof(ResultEvent))]
[JsonSerializable(typeof(QuantizeResult))]
[JsonSerializable(typeof(HardenResult))]
[JsonSerializable(typeof(InspectResult))]
[JsonSerializable(typeof(CheckpointResult))]
[JsonSerializable(typeof(EvaluationOutput))]
[JsonSerializable(typeof(RunResult))]
[JsonSerializable(typeof(BenchResult))]
[JsonSerializable(typeof(DoctorResult))]
[JsonSerializable(typeof(CacheList))]
[JsonSerializable(typeof(CacheVerification))]
[JsonSerializable(typeof(CachePush))]
[JsonSerializable(typeof(CacheStatistics))]
[JsonSerializable(typeof(CacheCollection))]
[JsonSerializable(typeof(StoreEntry))]
[JsonSerializable(typeof(PackResult))]
[JsonSerializable(typeof(PushResult))]
[JsonSerializable(typeof(RestoreResult))]
internal sealed partial class ToolJson : JsonSerializerContext
{
    // Made on first use: the generated members that they copy are initialized after those written here.
    private static ToolJson? s_indented;
    private static ToolJson? s_lines;

    /// <summary>For results: indented.</summary>
    public static ToolJson Indented => s_indented ??= new(Style(indented: true));

    /// <summary>For events: one line each.</summary>
    public static ToolJson Lines => s_lines ??= new(Style(indented: false));

    public static string Text<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.Serialize(value, type);

    // Line ends and quotes are still escaped; only what browsers would mistake for markup is not.
    private static JsonSerializerOptions Style(bool indented) => new(Default.GeneratedSerializerOptions!)
    {
        WriteIndented = indented,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
