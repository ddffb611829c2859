using System.Text.Json;
using System.Text.Json.Serialization;

namespace MobileQuant.Artifacts;

/// <summary>Source-generated JSON of the manifest: no reflection, so it survives trimming and AOT.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(FactorConverter)],
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ArtifactManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext
{
    /// <summary>Reads a manifest.</summary>
    /// <exception cref="JsonException">It is not one.</exception>
    public static ArtifactManifest Parse(string json) =>
        JsonSerializer.Deserialize(json, Default.ArtifactManifest) ?? throw new JsonException("the manifest is null");

    /// <summary>Writes a manifest.</summary>
    public static string Format(ArtifactManifest manifest) => JsonSerializer.Serialize(manifest, Default.ArtifactManifest);
}
