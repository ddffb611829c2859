using System.Security.Cryptography;
using System.Text;

namespace MobileQuant.StandInTool;

/// <summary>One run: a fingerprint over settings and files, a store, and the words that config.json asks for.</summary>
internal sealed class StandIn(Arguments arguments, EventWriter events)
{
    private static readonly string[] s_settings = ["--recipe", "--precision", "--activations", "--wide-sites", "--prefix", "--weights", "--granularity", "--override", "--alpha", "--settings", "--seed"];

    public int Run()
    {
        string name = Path.GetFileName(arguments.Output).Replace(".mq.safetensors", string.Empty);
        Directory.CreateDirectory(arguments.CacheDirectory);
        using (LockStore())
        {
            File.AppendAllText(Path.Combine(arguments.CacheDirectory, "runs.log"), name + "\n");
        }

        // Behaviour by a word in config.json: "fail" one error event, "crash" no event at all, "warn" a warning, "slow" a minute of progress.
        // A checkpoint that is one file speaks for itself.
        string config = Arguments.IsPackage(arguments.Checkpoint) ? string.Empty
            : File.ReadAllText(File.Exists(arguments.Checkpoint) ? arguments.Checkpoint : Path.Combine(arguments.Checkpoint, "config.json"));
        if (config.Contains("crash"))
        {
            Console.Error.WriteLine("out of cheese");
            return 134;
        }

        if (config.Contains("fail"))
        {
            events.Write("error", ("code", "MQ2003"), ("message", "The tensor «wörter» is missing."), ("remedy", "Download the checkpoint again."));
            return 1;
        }

        if (config.Contains("warn"))
        {
            events.Write("warning", ("code", "MQ3001"), ("message", "Scale {0} is 100 % odd."), ("remedy", "Look at it."));
        }

        if (config.Contains("slow"))
        {
            File.WriteAllText(Path.Combine(arguments.CacheDirectory, "slow.pid"), Environment.ProcessId.ToString());
            for (int i = 0; i < 600; i++)
            {
                events.Write("progress", ("step", "calibrate"), ("text", "calibrating"), ("done", i), ("total", 600));
                Thread.Sleep(100);
            }
        }

        using (LockStore())
        {
            return Finish(name);
        }
    }

    /// <summary>One run at a time, as the tool has one builder per key: of several builds one makes the model, the others find it.</summary>
    private FileStream LockStore()
    {
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(arguments.CacheDirectory, "store.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                Thread.Sleep(5);
            }
        }
    }

    private int Finish(string name)
    {
        string settings = string.Join(", ", s_settings.Select(setting => setting + "=" + arguments.Value(setting)));
        string fingerprint = Fingerprint(settings);
        string entry = Path.Combine(arguments.CacheDirectory, fingerprint);
        bool hit = File.Exists(entry) && !arguments.Has("--force") && !arguments.Has("--no-cache");
        string lastFile = Path.Combine(arguments.CacheDirectory, name + ".last");
        string? last = File.Exists(lastFile) ? File.ReadAllText(lastFile) : null;
        foreach (string setting in s_settings)
        {
            string value = arguments.Value(setting);
            events.Write("fingerprint", ("name", setting), ("sha256", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)))), ("text", value));
        }

        events.Write("message", ("text", hit ? "found in the store" : "quantizing"));
        if (!hit)
        {
            File.WriteAllText(entry, fingerprint);
        }

        File.WriteAllText(lastFile, settings);
        File.Copy(entry, arguments.Output, overwrite: true);
        string? reason = hit ? null : last is null ? "nothing of this model is in the store" : last != settings ? $"settings changed: {last} -> {settings}" : "files changed";
        events.Write(
            "result",
            ("output", arguments.Output),
            ("bytes", new FileInfo(arguments.Output).Length),
            ("seconds", 1.5),
            ("peakMemoryBytes", 1_000_000),
            ("cache", hit ? "hit" : "miss"),
            ("fingerprint", fingerprint),
            ("reason", reason));
        return 0;
    }

    private string Fingerprint(string settings)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(settings));
        hash.AppendData(Encoding.UTF8.GetBytes(Arguments.IsPackage(arguments.Checkpoint) ? arguments.Checkpoint : string.Empty));
        string[] calibration = arguments.Values("--calibration")
            .SelectMany(pattern => Directory.GetFiles(Path.Combine(arguments.Value("--base-directory"), Path.GetDirectoryName(pattern)!), Path.GetFileName(pattern)))
            .ToArray();
        string[] checkpoint = Arguments.IsPackage(arguments.Checkpoint) ? []
            : File.Exists(arguments.Checkpoint) ? [arguments.Checkpoint] : Directory.GetFiles(arguments.Checkpoint);
        foreach (string file in checkpoint.Concat(calibration).Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(file)));
            hash.AppendData(File.ReadAllBytes(file));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
