using Microsoft.Extensions.FileSystemGlobbing;
using MobileQuant.Packages;
using MobileQuant.Quantization;
using MobileQuant.Recipes;

namespace MobileQuant.Caching;

/// <summary>Brings a request into the one form in which equal requests are equal: absolute paths, expanded globs, canonical names, resolved defaults.</summary>
internal static class RequestNormalizer
{
    /// <summary>Checks a request and brings it into its normal form.</summary>
    /// <param name="request">As the user gave it.</param>
    /// <exception cref="MobileQuantException">MQ1003 to MQ1006, MQ1016 to MQ1018, MQ1030 to MQ1033, MQ3001, MQ3004: what is wrong with it.</exception>
    public static QuantizationRequest Normalize(QuantizationRequest request)
    {
        QuantizationRequest inputs = NormalizeInputs(request);
        if (request.Target == QuantizationTarget.Npu)
        {
            throw new MobileQuantException("MQ1018", "The target npu can be simulated, but this version writes artifacts for cpu only.", "Use `mobilequant eval CHECKPOINT --simulate --target npu`, or leave the target out.");
        }

        string output = RequirePath(request.OutputPath, "The output path is empty.");
        if (Directory.Exists(output))
        {
            throw new MobileQuantException("MQ1005", $"The output {output} is a folder; expected a file name.", "Name a file, conventionally NAME.mq.safetensors.");
        }

        // The output is put in place by renaming: root would replace the device for the whole system.
        if (!OperatingSystem.IsWindows() && output.StartsWith("/dev/", StringComparison.Ordinal))
        {
            throw new MobileQuantException("MQ1005", $"The output {output} is a device; expected a file name.", "Name a file; to fill the store only, name one in a temporary folder.");
        }

        if (string.Equals(output, inputs.CheckpointPath, StringComparison.Ordinal))
        {
            throw new MobileQuantException("MQ1005", $"The output {output} is the checkpoint itself.", "Name another file, conventionally NAME.mq.safetensors.");
        }

        if (string.Equals(Path.GetDirectoryName(output), inputs.CheckpointPath, StringComparison.Ordinal) && CheckpointFiles.IsPart(Path.GetFileName(output)))
        {
            throw new MobileQuantException("MQ1005", $"The output {output} would lie among the checkpoint's own files.", "Write the artifact to another folder.");
        }

        return inputs with { OutputPath = output };
    }

    /// <summary>The same for all but the output, which a simulation does not have.</summary>
    /// <param name="request">As the user gave it.</param>
    /// <exception cref="MobileQuantException">MQ1003 to MQ1006, MQ1016, MQ1017, MQ1030 to MQ1033, MQ3001, MQ3004, MQ3005: what is wrong with it.</exception>
    public static QuantizationRequest NormalizeInputs(QuantizationRequest request)
    {
        if (request.Alpha is { } alpha && !(alpha is > 0 and < 1))
        {
            throw new MobileQuantException("MQ1004", FormattableString.Invariant($"Alpha is {alpha}; expected a number above 0 and below 1."), "Leave it out to have it searched, or use for example 0.5.");
        }

        if (request.Threads < 0)
        {
            throw new MobileQuantException("MQ1003", $"Threads is {request.Threads}; expected 0 (all cores) or more.", "Use 0 or a positive number.");
        }

        if (request.Granularity == WeightGranularity.Tensor && request.Precision.BlockSize > 0)
        {
            throw new MobileQuantException("MQ1003", $"Granularity is tensor, but the weights of {request.Precision} have scales per channel and block.", "Use granularity channel, or a precision without blocks.");
        }

        if (request.Granularity == WeightGranularity.Tensor && request.Settings.AfterRounding == true)
        {
            throw new MobileQuantException("MQ3005", "afterRounding=true learns a scale for each row, but granularity is tensor.", "Leave afterRounding out, or use granularity channel.");
        }

        // An NPU has no other scales than static ones.
        bool isStatic = request.Activations == ActivationMode.Static || request.Target == QuantizationTarget.Npu;
        if (!isStatic && !request.WideSites.IsSearched && request.WideSites != WideSites.None)
        {
            throw new MobileQuantException("MQ1016", $"Wide sites ({request.WideSites}) need static activations; these find their scale per token.", "Leave WideSites out, or use Activations=static.");
        }

        if (!isStatic && request.Prefix != SinkPrefix.None)
        {
            throw new MobileQuantException("MQ1017", $"A prefix ({request.Prefix}) helps static activations only; these find their scale per token.", "Leave Prefix out, or use Activations=static.");
        }

        string recipe = RecipeCatalog.Normalize(request.Recipe);
        if (!request.Settings.IsEmpty && !RecipeCatalog.Learns(recipe))
        {
            throw new MobileQuantException(
                "MQ3004",
                $"Recipe {recipe} learns nothing and takes no settings, but has {request.Settings}.",
                $"Leave the settings out, or use a recipe that learns: {string.Join(", ", RecipeCatalog.Names.Where(RecipeCatalog.Learns))}.");
        }

        return request with
        {
            Recipe = recipe,
            Activations = isStatic ? ActivationMode.Static : request.Activations,
            CheckpointPath = PackageName.IsPackage(request.CheckpointPath)
                ? PackageName.Scheme + PackageName.Parse(request.CheckpointPath)
                : Path.TrimEndingDirectorySeparator(RequirePath(request.CheckpointPath, "The checkpoint path is empty.")),
            Alpha = recipe == "RoundToNearest" ? null : request.Alpha,
            // Overrides resolve the default for their own widths.
            Weights = request.Weights != WeightSymmetry.Default || !request.Overrides.IsEmpty ? request.Weights
                : request.Precision.WeightBits == 4 ? WeightSymmetry.Asymmetric
                : WeightSymmetry.Symmetric,
            // Without effect per token: the default, so that a change of activations is the only one that is told.
            WideSites = isStatic ? request.WideSites : WideSites.Auto,
            BaseDirectory = BaseOf(request),
            EvaluationText = EvaluationTextOf(request),
            Calibration = [.. request.Calibration.SelectMany(pattern => Expand(pattern, BaseOf(request))).Distinct(StringComparer.Ordinal)],
        };
    }

    /// <summary>The evaluation text, absolute; checks it and the limits.</summary>
    private static string? EvaluationTextOf(QuantizationRequest request)
    {
        request.Limits.Validate();
        if (string.IsNullOrWhiteSpace(request.EvaluationText))
        {
            return request.Limits.MaxPerplexityIncrease is null
                ? null
                : throw new MobileQuantException("MQ1033", "An increase of perplexity is limited, but there is no text to measure it on.", "Name a text that calibration does not see (EvaluationText, --evaluation-text).");
        }

        string path = Path.GetFullPath(request.EvaluationText, BaseOf(request));
        return File.Exists(path)
            ? path
            : throw new MobileQuantException("MQ1030", $"The evaluation text {path} does not exist.", "Correct the path; a relative one starts from the base directory.");
    }

    private static string BaseOf(QuantizationRequest request) => Path.GetFullPath(request.BaseDirectory ?? Environment.CurrentDirectory);

    private static string RequirePath(string path, string message) =>
        string.IsNullOrWhiteSpace(path) ? throw new MobileQuantException("MQ1005", message, "Name a path.") : Path.GetFullPath(path);

    /// <summary>The files that one calibration pattern names, in ordinal order.</summary>
    private static string[] Expand(string pattern, string baseDirectory)
    {
        string absolute = Path.GetFullPath(pattern, baseDirectory);
        if (File.Exists(absolute))
        {
            return [absolute];
        }

        int wildcard = pattern.AsSpan().IndexOfAny('*', '?');
        if (wildcard < 0)
        {
            throw new MobileQuantException("MQ1006", $"The calibration text {absolute} does not exist.", "Correct the path; relative ones start from the base directory.");
        }

        // The fixed part becomes the folder to search, so that patterns may be absolute or climb with «..».
        int cut = pattern.AsSpan(0, wildcard).LastIndexOfAny('/', Path.DirectorySeparatorChar) + 1;
        string root = Path.GetFullPath(cut == 0 ? "." : pattern[..cut], baseDirectory);
        string[] files = Directory.Exists(root)
            ? [.. new Matcher(StringComparison.Ordinal).AddInclude(pattern[cut..].Replace('\\', '/')).GetResultsInFullPath(root).Order(StringComparer.Ordinal)]
            : [];
        return files.Length > 0
            ? files
            : throw new MobileQuantException("MQ1006", $"The calibration pattern '{pattern}' matches no file in {root}.", "Correct the pattern; relative ones start from the base directory.");
    }
}
