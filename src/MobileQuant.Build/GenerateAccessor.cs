using Microsoft.Build.Framework;
using MobileQuant.Build.Accessors;
using MobileQuant.Build.Diagnostics;
using MobileQuant.Build.Models;

namespace MobileQuant.Build;

/// <summary>Writes the class QuantizedModels of a C# project, when it differs: a property for each model, with its path and what it is.</summary>
[MSBuildMultiThreadableTask]
public sealed class GenerateAccessor : Microsoft.Build.Utilities.Task
{
    /// <summary>The models as <see cref="CollectModels"/> made them.</summary>
    [Required]
    public ITaskItem[] Models { get; set; } = [];

    /// <summary>The project's folder, absolute.</summary>
    [Required]
    public string ProjectDirectory { get; set; } = string.Empty;

    /// <summary>The project file, for diagnostics.</summary>
    [Required]
    public string ProjectFile { get; set; } = string.Empty;

    /// <summary>The namespace of the class; empty: the global one.</summary>
    public string RootNamespace { get; set; } = string.Empty;

    /// <summary>The file to write, absolute.</summary>
    [Required]
    public string SourceFile { get; set; } = string.Empty;

    /// <summary>What links to error pages start with; ends with a slash.</summary>
    public string HelpLinkBase { get; set; } = string.Empty;

    /// <summary>False at design time, where a half-written project is normal.</summary>
    public bool ReportWarnings { get; set; }

    /// <inheritdoc/>
    public override bool Execute()
    {
        BuildLog log = new(Log, HelpLinkBase);
        List<PackagedModelEntry> entries = [];
        foreach (IGrouping<string, ITaskItem> models in Models.GroupBy(model => Identifier.OfModel(NameOf(model)), StringComparer.Ordinal))
        {
            if (models.Count() == 1)
            {
                entries.Add(EntryOf(models.Single(), models.Key));
            }
            else if (ReportWarnings)
            {
                WarnOfClash(models.Key, [.. models], log);
            }
        }

        // In the order of their names: moving an item in the project compiles nothing again.
        IEnumerable<PackagedModelEntry> sorted = entries.OrderBy(entry => entry.Identifier, StringComparer.Ordinal);
        TextFile.WriteWhenDifferent(SourceFile, AccessorSource.Of(Identifier.OfNamespace(RootNamespace), sorted), withMark: true);
        return !Log.HasLoggedErrors;
    }

    private static string NameOf(ITaskItem model) => model.GetMetadata(ModelMetadata.Name);

    // What is not right yet, while somebody types, is said by the build and shown here as it is.
    private static string Normalized(ITaskItem model, string metadata)
    {
        string value = model.GetMetadata(metadata).Trim();
        return MetadataTable.TryNormalize(metadata, value, out string? normalized, out _) ? normalized! : value;
    }

    private PackagedModelEntry EntryOf(ITaskItem model, string identifier) => new(
        identifier,
        NameOf(model),
        ModelPaths.Of(model, ProjectDirectory, string.Empty).Link,
        Normalized(model, ModelMetadata.Recipe),
        Normalized(model, ModelMetadata.Precision));

    // Numbering them would give a model another's property when items change places: no property is a compiler error, a wrong one is a bug.
    private void WarnOfClash(string identifier, ITaskItem[] models, BuildLog log)
    {
        string names = string.Join(" and ", models.Select(model => $"'{NameOf(model)}'"));
        foreach (ITaskItem model in models)
        {
            log.Warning(
                "MQ1119",
                ItemLocator.Find(model, ProjectFile),
                $"The models {names} would all be {AccessorSource.ClassName}.{identifier}; the class has none of them.",
                "Give them metadata Name that differ in letters or digits.");
        }
    }
}
