using System.Diagnostics;
using System.Globalization;
using MobileQuant.JobHost;
using MobileQuant.Tests.Caching;
using MobileQuant.Torch;

namespace MobileQuant.Tests.Reproducibility;

/// <summary>Somebody who quantizes: a home, folders and an environment of their own, and a process for every run.</summary>
internal sealed class Builder
{
    private readonly TemporaryFolder _folder;
    private readonly string _user;
    private readonly string _home;
    private readonly string _data;
    private readonly IReadOnlyDictionary<string, string> _variables;

    /// <param name="folder">Where all users have theirs.</param>
    /// <param name="user">Name of the user and of the folder below.</param>
    /// <param name="variables">More of their environment.</param>
    public Builder(TemporaryFolder folder, string user, IReadOnlyDictionary<string, string> variables)
    {
        _folder = folder;
        _user = user;
        _variables = variables;
        _home = folder[Path.Combine(user, "home")];
        _data = Natives(_home);
    }

    /// <summary>Quantizes from nothing: copied inputs, and a store that does not exist yet.</summary>
    /// <param name="run">Name of the folder to work in.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="names">Jobs of <see cref="RealJobs"/>, in the order to do them.</param>
    /// <returns>The folder with the artifacts.</returns>
    public string Run(string run, int threads, IEnumerable<string> names)
    {
        string work = _folder[Path.Combine(_user, run)];
        Directory.CreateDirectory(Path.Combine(work, "model"));
        foreach (string file in Directory.GetFiles(SharedData.DefaultModel))
        {
            File.Copy(file, Path.Combine(work, "model", Path.GetFileName(file)));
        }

        File.WriteAllText(Path.Combine(work, "calibration.txt"), Stories());
        ProcessStartInfo start = new(
            "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "mobilequant-job-host.dll"), "real", work, threads.ToString(CultureInfo.InvariantCulture), .. names])
        {
            WorkingDirectory = work,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in _variables)
        {
            start.Environment[name] = value;
        }

        start.Environment["HOME"] = start.Environment["USERPROFILE"] = _home;
        start.Environment["XDG_CACHE_HOME"] = Path.Combine(_home, "cache");
        start.Environment["MOBILEQUANT_CACHE_DIRECTORY"] = Path.Combine(work, "store");
        start.Environment["MOBILEQUANT_DATA_DIRECTORY"] = _data;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{output.Result}\n{error}");
        return work;
    }

    /// <summary>A data folder of the user's own, in which only the half gigabyte of libtorch is this machine's.</summary>
    private static string Natives(string home)
    {
        TorchRuntime.EnsureLoaded();
        string data = Path.Combine(home, "data");
        string link = Path.Combine(data, "natives", Path.GetFileName(LibtorchPackage.ForThisMachine()!.DownloadFolder));
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        Directory.CreateSymbolicLink(link, TorchRuntime.Describe().LibtorchFolder!);
        return data;
    }

    private static string Stories() => string.Concat(
        from name in (string[])["Lily", "Tom", "Ben", "Sara"]
        from thing in (string[])["a big red ball", "a little cat", "a shiny stone"]
        select $"Once upon a time, there was a little child named {name}. One day, {name} went to the park and saw {thing}. \"Look at this!\" said {name}. They played all day and went home happy. The end.\n\n");
}
