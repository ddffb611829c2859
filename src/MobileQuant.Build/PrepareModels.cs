using System.Diagnostics;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using MobileQuant.Build.Diagnostics;
using MobileQuant.Build.Models;
using MobileQuant.Build.Tool;

namespace MobileQuant.Build;

/// <summary>Checks the settings of each model, lists its input files and keeps its settings file, all before a process is started.</summary>
[MSBuildMultiThreadableTask]
public sealed class PrepareModels : Microsoft.Build.Utilities.Task
{
    /// <summary>The models as <see cref="CollectModels"/> made them.</summary>
    [Required]
    public ITaskItem[] Models { get; set; } = [];

    /// <summary>The files that the calibration patterns name; metadata Patterns is the pattern list they come from.</summary>
    public ITaskItem[] CalibrationFiles { get; set; } = [];

    /// <summary>The project's folder, absolute.</summary>
    [Required]
    public string ProjectDirectory { get; set; } = string.Empty;

    /// <summary>The project file, for diagnostics.</summary>
    [Required]
    public string ProjectFile { get; set; } = string.Empty;

    /// <summary>mobilequant.dll.</summary>
    [Required]
    public string ToolPath { get; set; } = string.Empty;

    /// <summary>What machines share; only looked at for what must not be in it.</summary>
    public string RemoteCache { get; set; } = string.Empty;

    /// <summary>True: every model is made again.</summary>
    public bool Force { get; set; }

    /// <summary>What links to error pages start with; ends with a slash.</summary>
    public string HelpLinkBase { get; set; } = string.Empty;

    /// <summary>The models with normalized settings and their input files.</summary>
    [Output]
    public ITaskItem[] Prepared { get; private set; } = [];

    /// <inheritdoc/>
    public override bool Execute()
    {
        BuildLog log = new(Log, HelpLinkBase);
        string toolPath = Path.GetFullPath(Path.Combine(ProjectDirectory, ToolPath));
        if (!File.Exists(toolPath))
        {
            log.Error("MQ1107", new SourceLocation(ProjectFile), $"The quantization tool was not found at '{toolPath}'.", "Set the property MobileQuantToolPath to mobilequant.dll, or remove it and restore the package again.");
            return false;
        }

        // Here rather than in the tool: its response file stays in obj.
        if (CacheSettings.HoldsPassword(RemoteCache))
        {
            log.Error(
                "MQ4013",
                new SourceLocation(ProjectFile),
                "MobileQuantRemoteCache holds a password, which project files and build logs show to others.",
                "Leave it out of the address and set the environment variable MOBILEQUANT_REMOTE_CACHE_PASSWORD, or give the whole address as MOBILEQUANT_REMOTE_CACHE.");
            return false;
        }

        Prepared = Models.Select(model => Prepare(model, toolPath, log)).OfType<ITaskItem>().ToArray();
        return !Log.HasLoggedErrors;
    }

    private TaskItem? Prepare(ITaskItem model, string toolPath, BuildLog log)
    {
        TaskItem prepared = new(model);
        string checkpoint = model.ItemSpec;
        WarnOfMisspelledMetadata(model, log);
        bool good = NormalizeSettings(prepared, log);
        if (!ModelPackage.IsMeant(checkpoint) && !Directory.Exists(checkpoint) && !File.Exists(checkpoint))
        {
            log.Error("MQ1100", ItemLocator.Find(model, ProjectFile), $"The checkpoint '{checkpoint}' does not exist.", "Include names a GGUF file, or a Hugging Face folder with config.json and *.safetensors, relative to the project; or a package, package:Id/Version.");
            good = false;
        }

        good &= TryFindCalibration(model, log, out IReadOnlyList<string> calibration);
        good &= TryFindSettings(prepared, log, out string? recipeSettings);
        good &= TryFindEvaluationText(prepared, log, out string? evaluationText);
        if (!good)
        {
            return null;
        }

        string[] checkpointFiles = [.. CheckpointFiles.Of(checkpoint)];
        string[] texts = [.. new[] { recipeSettings, evaluationText }.OfType<string>()];
        KeepSettings(prepared, toolPath, checkpointFiles, calibration, recipeSettings, evaluationText, log);
        DropStaleStamp(prepared);
        prepared.SetMetadata(
            ModelMetadata.InputFiles,
            FileList.Join([.. checkpointFiles, .. calibration, .. texts, prepared.GetMetadata(ModelMetadata.SettingsFile), .. ToolFiles(toolPath)]));
        return prepared;
    }

    private void WarnOfMisspelledMetadata(ITaskItem model, BuildLog log)
    {
        foreach (string name in model.CloneCustomMetadata().Keys.Cast<string>())
        {
            if (MetadataSpelling.Suggest(name) is { } meant)
            {
                log.Warning("MQ1106", ItemLocator.Find(model, ProjectFile, name), $"QuantizedModel has no metadata '{name}'; it is ignored.", $"Did you mean '{meant}'?");
            }
        }
    }

    private bool NormalizeSettings(TaskItem prepared, BuildLog log)
    {
        bool good = true;
        foreach (string name in new[]
        {
            ModelMetadata.Recipe, ModelMetadata.Precision, ModelMetadata.Activations, ModelMetadata.TargetDevice, ModelMetadata.WideSites, ModelMetadata.Prefix,
            ModelMetadata.Weights, ModelMetadata.Granularity, ModelMetadata.Overrides, ModelMetadata.Alpha, ModelMetadata.Rounding,
            ModelMetadata.RecipeSettings, ModelMetadata.MaxPerplexityIncrease, ModelMetadata.MinSqnr, ModelMetadata.Seed, ModelMetadata.Pack,
        })
        {
            string value = prepared.GetMetadata(name);
            if (MetadataTable.TryNormalize(name, value, out string? normalized, out string expected))
            {
                prepared.SetMetadata(name, normalized);
                continue;
            }

            good = false;
            log.Error(CodeOf(name), ItemLocator.Find(prepared, ProjectFile, name), $"{name}=\"{value}\" of model '{prepared.GetMetadata(ModelMetadata.Name)}' is not known: expected {expected}.", $"Correct the metadata {name} of the QuantizedModel item.");
        }

        return good;
    }

    // The command line says the same of its options.
    private static string CodeOf(string metadata) => metadata switch
    {
        ModelMetadata.MaxPerplexityIncrease => "MQ1031",
        ModelMetadata.MinSqnr => "MQ1032",
        _ => "MQ1101",
    };

    private bool TryFindCalibration(ITaskItem model, BuildLog log, out IReadOnlyList<string> files)
    {
        string patterns = model.GetMetadata(ModelMetadata.Calibration);
        string[] found = CalibrationFiles
            .Where(file => file.GetMetadata("Patterns") == patterns)
            .Select(file => Path.GetFullPath(Path.Combine(ProjectDirectory, file.ItemSpec)))
            .Distinct(StringComparer.Ordinal)
            .ToArray();
        Array.Sort(found, StringComparer.Ordinal);
        string[] missing = found.Where(file => !File.Exists(file)).ToArray();
        files = found;
        if (FileList.Split(patterns).Length == 0 || (found.Length > 0 && missing.Length == 0))
        {
            return true;
        }

        string what = missing.Length > 0 ? $"The calibration file '{missing[0]}' does not exist." : $"The calibration pattern '{patterns}' matches no file.";
        log.Error("MQ1105", ItemLocator.Find(model, ProjectFile, ModelMetadata.Calibration), what, "Calibration is a list of .txt or .jsonl files relative to the project, wildcards allowed; leave it out to calibrate on text sampled from the model.");
        return false;
    }

    /// <summary>The file of the recipe's settings, where the item names one; null where it has none or says them itself.</summary>
    private bool TryFindSettings(TaskItem model, BuildLog log, out string? file)
    {
        string value = model.GetMetadata(ModelMetadata.RecipeSettings);
        file = value.Length == 0 || value.Contains('=') ? null : Path.GetFullPath(Path.Combine(ProjectDirectory, value));
        if (file is null || File.Exists(file))
        {
            return true;
        }

        log.Error("MQ1101", ItemLocator.Find(model, ProjectFile, ModelMetadata.RecipeSettings), $"The recipe's settings '{file}' do not exist.", "RecipeSettings is a JSON file relative to the project, or the settings themselves, such as steps=200; loss=logits.");
        return false;
    }

    /// <summary>The text that the quality gate measures on, where the item names one.</summary>
    private bool TryFindEvaluationText(TaskItem model, BuildLog log, out string? file)
    {
        string value = model.GetMetadata(ModelMetadata.EvaluationText).Trim().Replace('\\', '/');
        model.SetMetadata(ModelMetadata.EvaluationText, FileList.Escape(value));
        file = value.Length == 0 ? null : Path.GetFullPath(Path.Combine(ProjectDirectory, value));
        string name = model.GetMetadata(ModelMetadata.Name);
        if (file is null && model.GetMetadata(ModelMetadata.MaxPerplexityIncrease).Length > 0)
        {
            log.Error("MQ1033", ItemLocator.Find(model, ProjectFile, ModelMetadata.MaxPerplexityIncrease), $"MaxPerplexityIncrease of model '{name}' has no text to measure perplexities on.", "Name a text that calibration does not see in the metadata EvaluationText of the QuantizedModel item.");
            return false;
        }

        if (file is null || File.Exists(file))
        {
            return true;
        }

        log.Error("MQ1030", ItemLocator.Find(model, ProjectFile, ModelMetadata.EvaluationText), $"The evaluation text '{file}' does not exist.", "EvaluationText is one text file relative to the project, without wildcards.");
        return false;
    }

    private static void KeepSettings(
        TaskItem prepared, string toolPath, string[] checkpointFiles, IReadOnlyList<string> calibration, string? recipeSettings, string? evaluationText, BuildLog log)
    {
        SettingsFile settings = new();
        settings.Add("tool", toolPath + "|" + FileVersionInfo.GetVersionInfo(toolPath).ProductVersion);
        settings.Add("checkpoint", prepared.ItemSpec);
        foreach (string name in MetadataTable.Words.Keys.OrderBy(key => key, StringComparer.Ordinal))
        {
            settings.Add(name, prepared.GetMetadata(name));
        }

        settings.Add(ModelMetadata.WideSites, prepared.GetMetadata(ModelMetadata.WideSites));
        settings.Add(ModelMetadata.Prefix, prepared.GetMetadata(ModelMetadata.Prefix));
        settings.Add(ModelMetadata.Overrides, prepared.GetMetadata(ModelMetadata.Overrides));
        settings.Add(ModelMetadata.Alpha, prepared.GetMetadata(ModelMetadata.Alpha));
        settings.Add(ModelMetadata.RecipeSettings, prepared.GetMetadata(ModelMetadata.RecipeSettings));
        settings.Add(ModelMetadata.Seed, prepared.GetMetadata(ModelMetadata.Seed));
        settings.Add(ModelMetadata.Calibration, prepared.GetMetadata(ModelMetadata.Calibration));
        settings.Add(ModelMetadata.EvaluationText, prepared.GetMetadata(ModelMetadata.EvaluationText));
        settings.Add(ModelMetadata.MaxPerplexityIncrease, prepared.GetMetadata(ModelMetadata.MaxPerplexityIncrease));
        settings.Add(ModelMetadata.MinSqnr, prepared.GetMetadata(ModelMetadata.MinSqnr));
        foreach (string file in checkpointFiles)
        {
            settings.AddFile("checkpoint file", file);
        }

        foreach (string file in calibration)
        {
            settings.AddFile("calibration file", file);
        }

        if (recipeSettings is not null)
        {
            settings.AddFile("recipe settings file", recipeSettings);
        }

        if (evaluationText is not null)
        {
            settings.AddFile("evaluation text file", evaluationText);
        }

        foreach (string line in settings.WriteWhenDifferent(prepared.GetMetadata(ModelMetadata.SettingsFile)))
        {
            log.Message(MessageImportance.Normal, $"MobileQuant: {prepared.GetMetadata(ModelMetadata.Name)}: changed since the last build: {line}");
        }
    }

    // A stamp that does not describe what lies beside it would let MSBuild skip a model that is not there.
    private void DropStaleStamp(TaskItem prepared)
    {
        string stampFile = prepared.GetMetadata(ModelMetadata.StampFile);
        bool current = !Force && Stamp.Read(stampFile)?.Describes(prepared.GetMetadata(ModelMetadata.OutputFile)) == true;
        if (!current && File.Exists(stampFile))
        {
            File.Delete(stampFile);
        }
    }

    // A rebuilt tool of the same version is asked again (its store answers when the algorithm did not change).
    private static IEnumerable<string> ToolFiles(string toolPath) =>
        new[] { toolPath, Path.Combine(Path.GetDirectoryName(toolPath)!, "MobileQuant.Engine.dll") }.Where(File.Exists);
}
