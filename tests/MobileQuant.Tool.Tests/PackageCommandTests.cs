using System.Text.Json;
using MobileQuant.Tests.Caching;

namespace MobileQuant.Tool.Tests;

/// <summary>A model goes through a folder that is a feed, by the command line alone.</summary>
public sealed class PackageCommandTests(DefaultArtifact artifact) : IClassFixture<DefaultArtifact>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_is_packed_pushed_restored_and_run()
    {
        Directory.CreateDirectory(_folder["feed"]);
        CommandRun packed = await CommandRun.Of("pack", artifact.Path, "--id", "Contoso.Stories", "--version", "1.0.0", "-o", _folder["out"], "--license", "MIT", "--json");
        Assert.Equal(0, packed.ExitCode);
        Assert.Equal(["package", "id", "version", "kind", "bytes", "sha256"], packed.Json.EnumerateObject().Select(member => member.Name));
        string package = packed.Json.GetProperty("package").GetString()!;
        Assert.Equal(new FileInfo(package).Length, packed.Json.GetProperty("bytes").GetInt64());

        CommandRun pushed = await CommandRun.Of("push", package, "--source", _folder["feed"], "--json");
        Assert.Equal(0, pushed.ExitCode);
        Assert.Equal("Contoso.Stories", pushed.Json.GetProperty("id").GetString());

        CommandRun restored = await CommandRun.Of("restore", "Contoso.Stories/1.0.0", "--source", _folder["feed"], "--packages", _folder["packages"], "--json");
        Assert.Equal(0, restored.ExitCode);
        Assert.Equal("model", restored.Json.GetProperty("kind").GetString());
        Assert.Equal(_folder["feed"], restored.Json.GetProperty("source").GetString());
        string model = restored.Json.GetProperty("path").GetString()!;
        Assert.Equal(File.ReadAllBytes(artifact.Path), File.ReadAllBytes(model));
        Assert.Equal(0, (await CommandRun.Of("run", model, "--prompt", "Once", "-n", "4", "--temperature", "0")).ExitCode);

        CommandRun again = await CommandRun.Of("restore", "package:Contoso.Stories/1.0", "--packages", _folder["packages"], "--offline", "--json");
        Assert.Equal(JsonValueKind.Null, again.Json.GetProperty("source").ValueKind);
    }

    [Fact]
    public async Task Failures_have_codes()
    {
        (await CommandRun.Of("pack", _folder["none"], "--id", "Contoso.None", "--version", "1.0.0", "-o", _folder["out"], "--json")).IsError(1, "MQ2001");
        (await CommandRun.Of("pack", artifact.Path, "--id", "no id", "--version", "1.0.0", "-o", _folder["out"], "--json")).IsError(1, "MQ4024");
        (await CommandRun.Of("push", _folder["none.nupkg"], "--source", _folder["feed"], "--json")).IsError(1, "MQ4024");
        (await CommandRun.Of("restore", "Contoso.None", "--json")).IsError(2, "MQ1110");
        (await CommandRun.Of("restore", "Contoso.None/1.0.0", "--source", _folder.Path, "--packages", _folder["packages"], "--json")).IsError(1, "MQ4020");
        (await CommandRun.Of("quantize", "package:Contoso.None", "-o", _folder["out.mq.safetensors"], "--json")).IsError(2, "MQ1110");
    }
}
