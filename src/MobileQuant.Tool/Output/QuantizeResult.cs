using System.Text.Json.Serialization;
using MobileQuant.Artifacts;

namespace MobileQuant.Tool.Output;

/// <summary>
/// What <c>quantize --json</c> prints. <paramref name="RecipeSettings"/> and <paramref name="Findings"/> are the manifest's: what
/// searches decided, and the figures that they decided from; so is <paramref name="Learning"/>, where something was learned.
/// <paramref name="Quality"/> is there when it was asked for.
/// </summary>
internal sealed record QuantizeResult(
    string Output,
    long Bytes,
    double Seconds,
    long PeakMemoryBytes,
    string Cache,
    string? From,
    string Fingerprint,
    string? Reason,
    IReadOnlyDictionary<string, string>? RecipeSettings = null,
    IReadOnlyList<ManifestFinding>? Findings = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ManifestLearning? Learning = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] QualityResult? Quality = null);
