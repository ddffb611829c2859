using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MobileQuant.Tests.Packages;

/// <summary>A package with a checkpoint, written without the code under test, to be made wrong by tests.</summary>
internal sealed class CraftedPackage
{
    public CraftedPackage(string id = "Contoso.Tiny", string version = "1.0.0")
    {
        Id = id;
        Version = version;
        Nuspec = $"""<?xml version="1.0" encoding="utf-8"?><package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata><id>{id}</id><version>{version}</version><authors>x</authors><description>x</description></metadata></package>""";
        Add("checkpoint/tiny/config.json", """{"model_type":"llama"}""");
        Add("checkpoint/tiny/model.safetensors", "weights of " + id);
        Descriptor = new JsonObject
        {
            ["format"] = 1,
            ["kind"] = "checkpoint",
            ["root"] = "checkpoint/tiny",
            ["files"] = new JsonArray([.. Entries.Select(entry => Describe(entry.Name, entry.Content))]),
        };
    }

    public string Id { get; }

    public string Version { get; }

    public string Nuspec { get; set; }

    public JsonObject? Descriptor { get; set; }

    public List<(string Name, byte[] Content)> Entries { get; } = [];

    public static JsonNode Describe(string path, byte[] content) => new JsonObject
    {
        ["path"] = path,
        ["bytes"] = content.Length,
        ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(content)),
    };

    public void Add(string name, string content) => Entries.Add((name, Encoding.UTF8.GetBytes(content)));

    /// <summary>Writes it where a folder that is a feed has it.</summary>
    /// <returns>The file.</returns>
    public string WriteTo(string feed)
    {
        Directory.CreateDirectory(feed);
        string path = Path.Combine(feed, $"{Id}.{Version}.nupkg");
        using FileStream file = File.Create(path);
        using ZipArchive archive = new(file, ZipArchiveMode.Create);
        Write(archive, $"{Id}.nuspec", Encoding.UTF8.GetBytes(Nuspec));
        if (Descriptor is not null)
        {
            Write(archive, "mobilequant.json", JsonSerializer.SerializeToUtf8Bytes(Descriptor));
        }

        foreach ((string name, byte[] content) in Entries)
        {
            Write(archive, name, content);
        }

        return path;
    }

    private static void Write(ZipArchive archive, string name, byte[] content)
    {
        using Stream stream = archive.CreateEntry(name).Open();
        stream.Write(content);
    }
}
