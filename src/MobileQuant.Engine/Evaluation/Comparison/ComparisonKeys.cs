using System.Globalization;
using MobileQuant.Caching;

namespace MobileQuant.Evaluation.Comparison;

/// <summary>Content keys of rows: equal for equal inputs, wherever they lie. Whether the integer runtime was measured is no part of them.</summary>
/// <param name="measures">What is measured.</param>
/// <param name="promptsPath">Prompts, or null.</param>
/// <param name="digests">Digests of files.</param>
/// <param name="cancellationToken">Stops between chunks.</param>
internal sealed class ComparisonKeys(IReadOnlyList<TextMeasure> measures, string? promptsPath, FileDigests digests, CancellationToken cancellationToken)
{
    /// <summary>Bumped when rows have other members or other meanings.</summary>
    private const string Format = "2";

    private readonly List<FingerprintEntry> _measures =
    [
        Fingerprint.Setting("row format", Format),
        .. measures.SelectMany((measure, i) => (FingerprintEntry[])
        [
            Fingerprint.Setting($"measure {i}", string.Create(CultureInfo.InvariantCulture, $"{measure.Protocol} {measure.Window} {measure.Limit} {Path.GetFileName(measure.TextPath)}")),
            Fingerprint.Setting($"text {i}", digests.Compute(measure.TextPath, null, cancellationToken)),
        ]),
        .. promptsPath is null ? (FingerprintEntry[])[] : [Fingerprint.Setting("prompts", digests.Compute(promptsPath, null, cancellationToken))],
    ];

    /// <summary>The key of the float model's figures.</summary>
    /// <param name="checkpointPath">The checkpoint.</param>
    public string OfFloat(string checkpointPath) => new Fingerprint(
    [
        Fingerprint.Setting("float", "float32"),
        .. CheckpointFiles.List(checkpointPath).Select(path => Fingerprint.Setting(Path.GetFileName(path), digests.Compute(path, null, cancellationToken))),
        .. _measures,
    ]).Key;

    /// <summary>The key of a row.</summary>
    /// <param name="variant">The row.</param>
    public string Of(ComparisonVariant variant) =>
        new Fingerprint([.. RequestFingerprint.Compute(variant.Request, digests, null, cancellationToken).Entries, .. _measures]).Key;
}
