namespace MobileQuant.Torch;

/// <summary>The per-user folder for native libraries that were fetched or adapted.</summary>
internal static class NativeDataFolder
{
    /// <summary>Overrides the place of the data folder.</summary>
    public const string Variable = "MOBILEQUANT_DATA_DIRECTORY";

    /// <summary>LocalApplicationData/mobilequant/natives, or natives below what the variable names.</summary>
    public static string Path
    {
        get
        {
            if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } root)
            {
                return System.IO.Path.Combine(System.IO.Path.GetFullPath(root), "natives");
            }

            string data = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
            return System.IO.Path.Combine(data.Length > 0 ? data : System.IO.Path.GetTempPath(), "mobilequant", "natives");
        }
    }

    /// <summary>Creates a new empty folder beside a final one, so that a rename completes the work.</summary>
    public static string CreateTemporaryBeside(string final)
    {
        string path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(final)!, ".tmp-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>Renames a finished temporary folder; whoever comes second keeps the first one's.</summary>
    public static void Publish(string temporary, string final)
    {
        try
        {
            Directory.Move(temporary, final);
        }
        catch (IOException) when (Directory.Exists(final))
        {
            Directory.Delete(temporary, recursive: true);
        }
    }
}
