using Microsoft.Build.Framework;

namespace MobileQuant.Build.Models;

/// <summary>Where the files of one model lie: its checkpoint, and what the build makes of it under obj.</summary>
internal sealed class ModelPaths
{
    private const string Extension = ".mq.safetensors";
    private const string Gguf = ".gguf";

    private ModelPaths(string name, string checkpoint, string directory, string link)
    {
        Name = name;
        Checkpoint = checkpoint;
        Directory = Path.Combine(directory, name);
        Link = link;
    }

    /// <summary>The model's name: metadata Name, the package's id, or the last part of the checkpoint's path, without <c>.gguf</c>.</summary>
    public string Name { get; }

    /// <summary>The checkpoint, absolute, without a separator at its end; or the package that carries it.</summary>
    public string Checkpoint { get; }

    /// <summary>The model's own folder under obj.</summary>
    public string Directory { get; }

    /// <summary>Where the artifact goes, relative to the output folder.</summary>
    public string Link { get; }

    public string OutputFile => Path.Combine(Directory, Name + Extension);

    public string StampFile => Path.Combine(Directory, Name + ".stamp");

    public string SettingsFile => Path.Combine(Directory, Name + ".settings");

    public string ResponseFile => Path.Combine(Directory, Name + ".rsp");

    /// <summary>Whether the name can be that of a file and a folder on every system.</summary>
    public bool NameIsUsable =>
        Name.Length > 0
        && Name.Trim('.', ' ').Length == Name.Length
        && Name.IndexOfAny(['/', '\\', ':', '*', '?', '"', '<', '>', '|', ';']) < 0
        && !Name.Any(char.IsControl);

    public static ModelPaths Of(ITaskItem item, string projectDirectory, string directory)
    {
        ModelPackage? package = ModelPackage.TryParse(item.ItemSpec);
        string checkpoint = package?.ToString() ?? Absolute(item.ItemSpec, projectDirectory);
        string name = item.GetMetadata(ModelMetadata.Name).Trim();
        name = name.Length == 0 ? package?.Id ?? NameOf(Path.GetFileName(checkpoint)) : name;

        string link = item.GetMetadata(ModelMetadata.Link).Trim();
        link = link.Length == 0 ? Path.Combine("models", name + Extension) : link;
        return new ModelPaths(name, checkpoint, directory, link.Replace('\\', '/').Replace('/', Path.DirectorySeparatorChar));
    }

    private static string Absolute(string include, string projectDirectory)
    {
        string checkpoint = Path.GetFullPath(Path.Combine(projectDirectory, include.Replace('\\', '/')));
        string trimmed = checkpoint.TrimEnd('/', '\\');
        return trimmed.Length == 0 ? checkpoint : trimmed;
    }

    private static string NameOf(string file) =>
        file.EndsWith(Gguf, StringComparison.OrdinalIgnoreCase) ? file.Substring(0, file.Length - Gguf.Length) : file;
}
