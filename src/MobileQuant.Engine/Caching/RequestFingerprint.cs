using System.Globalization;
using MobileQuant.Quantization;

namespace MobileQuant.Caching;

/// <summary>Makes the fingerprint of a normalized request.</summary>
internal static class RequestFingerprint
{
    /// <summary>
    /// Bumped by meaning: whenever the same request would produce another artifact than before (another rounding, another
    /// search grid, another default). Never bumped for the package version alone.
    /// </summary>
    public const int AlgorithmVersion = 4;

    /// <summary>
    /// The layout of the artifact file that lowering writes. Stays where a newer format only holds models that older versions
    /// refused, as 3 does: all others keep their bytes.
    /// </summary>
    public const int ArtifactFormatVersion = 2;

    /// <summary>Names of checkpoint file entries start so.</summary>
    public const string CheckpointPrefix = "checkpoint/";

    /// <summary>Names of calibration text entries start so.</summary>
    public const string CalibrationPrefix = "calibration/";

    /// <summary>Computes the fingerprint, reading every file that it covers (or recalling its digest).</summary>
    /// <param name="request">From <see cref="RequestNormalizer"/>.</param>
    /// <param name="digests">Digests of files.</param>
    /// <param name="progress">Told about bytes done; may be null.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    public static Fingerprint Compute(QuantizationRequest request, FileDigests digests, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> files = CheckpointFiles.List(request.CheckpointPath);
        long total = files.Concat(request.Calibration).Sum(path => new FileInfo(path).Length);
        long done = 0;
        string Digest(string path) => digests.Compute(
            path,
            bytes =>
            {
                done += bytes;
                progress?.Report(new QuantizationEvent.Progress("fingerprint", $"reading {Path.GetFileName(path)}", done, total));
            },
            cancellationToken);

        List<FingerprintEntry> entries =
        [
            Fingerprint.Setting("algorithm version", Text(AlgorithmVersion)),
            Fingerprint.Setting("artifact format", Text(ArtifactFormatVersion)),
            Fingerprint.Setting("recipe", request.Recipe),
            Fingerprint.Setting("settings", request.Settings.ResultText),
            Fingerprint.Setting("alpha", request.Alpha?.ToString("R", CultureInfo.InvariantCulture) ?? (request.Recipe == "RoundToNearest" ? "none" : "searched")),
            Fingerprint.Setting("precision", request.Precision.ToString()),
            Fingerprint.Setting("activations", Text(request.Activations)),
            Fingerprint.Setting("target", Text(request.Target)),
            Fingerprint.Setting("wide sites", request.WideSites.ToString()),
            Fingerprint.Setting("prefix", request.Prefix.ToString()),
            Fingerprint.Setting("weights", Text(request.Weights)),
            Fingerprint.Setting("granularity", Text(request.Granularity)),
            Fingerprint.Setting("rounding", Text(request.Rounding)),
            Fingerprint.Setting("overrides", request.Overrides.IsEmpty ? "none" : request.Overrides.ToString()),
            Fingerprint.Setting("seed", Text(request.Seed)),
        ];
        foreach (string path in files)
        {
            // The name of a file that is a whole checkpoint decides nothing; those of a folder's files say what they are.
            string name = files.Count == 1 && Path.GetExtension(path).Equals(".gguf", StringComparison.OrdinalIgnoreCase) ? "model.gguf" : Path.GetFileName(path);
            entries.Add(new(CheckpointPrefix + name, Digest(path), $"{Path.GetFileName(path)}, {new FileInfo(path).Length} bytes"));
        }

        entries.Add(Fingerprint.Setting("calibration", request.Calibration.Count == 0 ? "sampled from the model" : "given texts"));
        for (int i = 0; i < request.Calibration.Count; i++)
        {
            // The kind decides how a text is read; its place does not decide anything.
            string path = request.Calibration[i];
            string kind = Path.GetExtension(path).TrimStart('.').ToLowerInvariant();
            entries.Add(new($"{CalibrationPrefix}{i}.{kind}", Digest(path), Shown(path, request.BaseDirectory)));
        }

        return new Fingerprint(entries);
    }

    private static string Shown(string path, string? baseDirectory)
    {
        string relative = baseDirectory is null ? path : Path.GetRelativePath(baseDirectory, path);
        return (relative.StartsWith("..", StringComparison.Ordinal) ? path : relative).Replace('\\', '/');
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
