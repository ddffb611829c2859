using MobileQuant.Artifacts;
using MobileQuant.Programs;

namespace MobileQuant.Tool.Output;

/// <summary>What <c>inspect --json</c> prints. <paramref name="Verified"/> is null when digests were not compared.</summary>
internal sealed record InspectResult(
    string Path,
    long Bytes,
    int FormatVersion,
    string ToolVersion,
    ManifestEnvironment? Environment,
    string Family,
    long Parameters,
    double BitsPerParameter,
    string Precision,
    string Activations,
    string Weights,
    string Granularity,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>> Formats,
    string Recipe,
    IReadOnlyDictionary<string, string> RecipeSettings,
    IReadOnlyList<ManifestFinding>? Findings,
    IReadOnlyList<int>? Prefix,
    string Fingerprint,
    ProgramShape Shape,
    bool TiedHead,
    int HeadInputBits,
    double ResidualScale,
    long ResidualBound,
    int? BeginOfTextId,
    IReadOnlyList<int> EndOfTextIds,
    int Tensors,
    IReadOnlyDictionary<string, long> Parts,
    IReadOnlyList<ManifestSite> Sites,
    bool? Verified);
