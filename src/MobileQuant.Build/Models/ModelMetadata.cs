namespace MobileQuant.Build.Models;

/// <summary>Names of the metadata that travel on items between the project, the targets and the tasks.</summary>
internal static class ModelMetadata
{
    public const string Name = "Name";
    public const string Recipe = "Recipe";
    public const string Precision = "Precision";
    public const string Activations = "Activations";
    public const string TargetDevice = "TargetDevice";
    public const string WideSites = "WideSites";
    public const string Prefix = "Prefix";
    public const string Weights = "Weights";
    public const string Granularity = "Granularity";
    public const string Overrides = "Overrides";
    public const string Alpha = "Alpha";
    public const string Rounding = "Rounding";
    public const string RecipeSettings = "RecipeSettings";
    public const string Calibration = "Calibration";
    public const string EvaluationText = "EvaluationText";
    public const string MaxPerplexityIncrease = "MaxPerplexityIncrease";
    public const string MinSqnr = "MinSqnr";
    public const string Seed = "Seed";
    public const string Link = "Link";
    public const string CopyToOutputDirectory = "CopyToOutputDirectory";
    public const string CopyToPublishDirectory = "CopyToPublishDirectory";
    public const string Pack = "Pack";
    public const string Visible = "Visible";

    // Added by the tasks.
    public const string PackModel = "PackModel";
    public const string OutputFile = "OutputFile";
    public const string StampFile = "StampFile";
    public const string SettingsFile = "SettingsFile";
    public const string ResponseFile = "ResponseFile";
    public const string CheckpointFiles = "CheckpointFiles";
    public const string InputFiles = "InputFiles";
    public const string SourceFile = "SourceFile";
    public const string SourceInclude = "SourceInclude";

    /// <summary>What a project may write on an item.</summary>
    public static IReadOnlyList<string> Public { get; } =
    [
        Name, Recipe, Precision, Activations, TargetDevice, WideSites, Prefix, Weights, Granularity, Overrides, Alpha, Rounding, RecipeSettings,
        Calibration, EvaluationText, MaxPerplexityIncrease, MinSqnr, Seed,
        Link, CopyToOutputDirectory, CopyToPublishDirectory, Pack, Visible,
    ];
}
