using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using MobileQuant.Build.Diagnostics;
using MobileQuant.Build.Models;

namespace MobileQuant.Build;

/// <summary>Names what the build makes of each QuantizedModel item. Reads folder listings and nothing else, writes nothing.</summary>
[MSBuildMultiThreadableTask]
public sealed class CollectModels : Microsoft.Build.Utilities.Task
{
    /// <summary>The QuantizedModel items of the project.</summary>
    [Required]
    public ITaskItem[] Models { get; set; } = [];

    /// <summary>The project's folder, absolute.</summary>
    [Required]
    public string ProjectDirectory { get; set; } = string.Empty;

    /// <summary>The project file, for diagnostics.</summary>
    [Required]
    public string ProjectFile { get; set; } = string.Empty;

    /// <summary>The folder under obj that holds one folder per model, absolute.</summary>
    [Required]
    public string Directory { get; set; } = string.Empty;

    /// <summary>What links to error pages start with; ends with a slash.</summary>
    public string HelpLinkBase { get; set; } = string.Empty;

    /// <summary>False at design time, where a half-written project is normal: wrong items are left out without a word.</summary>
    public bool ReportErrors { get; set; }

    /// <summary>The models with their names and files as metadata; the item itself is the checkpoint.</summary>
    [Output]
    public ITaskItem[] Collected { get; private set; } = [];

    /// <summary>The artifacts, with what MSBuild's copy and publish steps want to know of a file.</summary>
    [Output]
    public ITaskItem[] Outputs { get; private set; } = [];

    /// <inheritdoc/>
    public override bool Execute()
    {
        BuildLog log = new(Log, HelpLinkBase);
        List<ITaskItem> collected = [];
        List<ITaskItem> outputs = [];
        Dictionary<string, ModelPaths> names = new(StringComparer.OrdinalIgnoreCase);
        Dictionary<string, ModelPaths> links = new(StringComparer.OrdinalIgnoreCase);
        foreach (ITaskItem item in Models)
        {
            ModelPaths paths = ModelPaths.Of(item, ProjectDirectory, Directory);
            (string Code, string Message, string Remedy)? problem = Check(item, paths, names, links);
            if (problem is { } found)
            {
                if (ReportErrors)
                {
                    log.Error(found.Code, ItemLocator.Find(item, ProjectFile), found.Message, found.Remedy);
                }

                continue;
            }

            names.Add(paths.Name, paths);
            links.Add(paths.Link, paths);
            collected.Add(CollectedItem(item, paths));
            outputs.Add(OutputItem(item, paths));
        }

        Collected = [.. collected];
        Outputs = [.. outputs];
        return !Log.HasLoggedErrors;
    }

    private static (string Code, string Message, string Remedy)? Check(
        ITaskItem item, ModelPaths paths, Dictionary<string, ModelPaths> names, Dictionary<string, ModelPaths> links)
    {
        if (ModelPackage.IsMeant(item.ItemSpec) && ModelPackage.TryParse(item.ItemSpec) is null)
        {
            return ("MQ1110", $"'{item.ItemSpec}' names no package.", "Write the id and an exact version: package:Contoso.TinyModel/1.0.0.");
        }

        if (!paths.NameIsUsable)
        {
            return ("MQ1104", $"'{paths.Name}' cannot name a model's files.", "Give the item a metadata Name made of letters, digits, '-', '_' or '.'.");
        }

        if (names.TryGetValue(paths.Name, out ModelPaths? same))
        {
            return ("MQ1102", $"Two models are named '{paths.Name}': '{same.Checkpoint}' and '{paths.Checkpoint}'.", "Give one of the items another metadata Name.");
        }

        if (links.TryGetValue(paths.Link, out same))
        {
            return ("MQ1103", $"The models '{same.Name}' and '{paths.Name}' would both be copied to '{paths.Link}'.", "Change the metadata Link of one of the items.");
        }

        return null;
    }

    private static TaskItem CollectedItem(ITaskItem item, ModelPaths paths)
    {
        TaskItem collected = new(FileList.Escape(paths.Checkpoint));
        item.CopyMetadataTo(collected);
        collected.SetMetadata(ModelMetadata.Name, FileList.Escape(paths.Name));
        collected.SetMetadata(ModelMetadata.OutputFile, FileList.Escape(paths.OutputFile));
        collected.SetMetadata(ModelMetadata.StampFile, FileList.Escape(paths.StampFile));
        collected.SetMetadata(ModelMetadata.SettingsFile, FileList.Escape(paths.SettingsFile));
        collected.SetMetadata(ModelMetadata.ResponseFile, FileList.Escape(paths.ResponseFile));
        collected.SetMetadata(ModelMetadata.SourceFile, FileList.Escape(item.GetMetadata("DefiningProjectFullPath")));
        collected.SetMetadata(ModelMetadata.SourceInclude, FileList.Escape(item.ItemSpec));
        collected.SetMetadata(ModelMetadata.CheckpointFiles, FileList.Join(CheckpointFiles.Of(paths.Checkpoint)));
        return collected;
    }

    private static TaskItem OutputItem(ITaskItem item, ModelPaths paths)
    {
        TaskItem output = new(FileList.Escape(paths.OutputFile));
        item.CopyMetadataTo(output);
        output.SetMetadata(ModelMetadata.Link, FileList.Escape(paths.Link));

        // Packing a None item by itself would put it where no consumer finds it: the targets pack what this asks for.
        output.SetMetadata(ModelMetadata.PackModel, item.GetMetadata(ModelMetadata.Pack));
        output.SetMetadata(ModelMetadata.Pack, "false");

        // The runtime maps the model from a file of its own, so it stays outside a single-file app.
        output.SetMetadata("ExcludeFromSingleFile", "true");
        return output;
    }
}
