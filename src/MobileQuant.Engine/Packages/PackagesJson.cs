using System.Text.Json.Serialization;

namespace MobileQuant.Packages;

/// <summary>JSON of packages, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true,
    NewLine = "\n")]
[JsonSerializable(typeof(PackageDescriptor))]
internal sealed partial class PackagesJson : JsonSerializerContext;
