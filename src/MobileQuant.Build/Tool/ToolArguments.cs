using System.Diagnostics;
using System.Globalization;
using Microsoft.Build.Framework;
using MobileQuant.Build.Models;

namespace MobileQuant.Build.Tool;

/// <summary>The lines of the response file: the item's settings in the words of the tool's command line.</summary>
internal static class ToolArguments
{
    /// <summary>Makes the arguments of <c>mobilequant quantize</c>.</summary>
    /// <param name="model">A prepared model.</param>
    /// <param name="baseDirectory">The folder that calibration paths start from.</param>
    /// <param name="cache">Where the model may come from.</param>
    /// <param name="threads">Threads of the tool; 0: all cores.</param>
    /// <returns>One argument per element.</returns>
    public static IReadOnlyList<string> Of(ITaskItem model, string baseDirectory, CacheSettings cache, int threads)
    {
        List<string> arguments =
        [
            model.ItemSpec,
            "--output", model.GetMetadata(ModelMetadata.OutputFile),
            "--recipe", model.GetMetadata(ModelMetadata.Recipe),
            "--precision", model.GetMetadata(ModelMetadata.Precision),
            "--activations", model.GetMetadata(ModelMetadata.Activations),
            "--target", model.GetMetadata(ModelMetadata.TargetDevice),
            "--wide-sites", model.GetMetadata(ModelMetadata.WideSites),
            "--prefix", model.GetMetadata(ModelMetadata.Prefix),
            "--weights", model.GetMetadata(ModelMetadata.Weights),
            "--granularity", model.GetMetadata(ModelMetadata.Granularity),
            "--rounding", model.GetMetadata(ModelMetadata.Rounding),
            "--seed", model.GetMetadata(ModelMetadata.Seed),
            "--base-directory", baseDirectory,
        ];

        if (model.GetMetadata(ModelMetadata.Overrides) is { Length: > 0 } overrides)
        {
            arguments.AddRange(["--override", overrides]);
        }

        if (model.GetMetadata(ModelMetadata.Alpha) is { Length: > 0 } alpha)
        {
            arguments.AddRange(["--alpha", alpha]);
        }

        if (model.GetMetadata(ModelMetadata.RecipeSettings) is { Length: > 0 } settings)
        {
            arguments.AddRange(["--settings", settings]);
        }

        foreach ((string option, string metadata) in new[]
        {
            ("--evaluation-text", ModelMetadata.EvaluationText), ("--max-perplexity-increase", ModelMetadata.MaxPerplexityIncrease), ("--min-sqnr", ModelMetadata.MinSqnr),
        })
        {
            if (model.GetMetadata(metadata) is { Length: > 0 } value)
            {
                arguments.AddRange([option, value]);
            }
        }

        foreach (string calibration in FileList.Split(model.GetMetadata(ModelMetadata.Calibration)))
        {
            arguments.AddRange(["--calibration", calibration]);
        }

        if (threads != 0)
        {
            arguments.AddRange(["--threads", threads.ToString(CultureInfo.InvariantCulture)]);
        }

        arguments.AddRange(cache.ToArguments(baseDirectory));
        using Process self = Process.GetCurrentProcess();
        arguments.AddRange(["--events", "--parent", self.Id.ToString(CultureInfo.InvariantCulture)]);
        return arguments;
    }
}
