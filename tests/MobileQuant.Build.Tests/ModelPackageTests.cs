using MobileQuant.Build.Tests.Infrastructure;

namespace MobileQuant.Build.Tests;

/// <summary>Items that name a package instead of a checkpoint, as the targets see them.</summary>
public sealed class ModelPackageTests : IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void A_package_is_named_like_its_id_and_asked_for_once()
    {
        string app = _work.WriteApp("""<QuantizedModel Include="package:Contoso.TinyModel/1.0.0" />""");
        string output = Path.Combine(app, "bin", "Debug", "net10.0", "models", "Contoso.TinyModel.mq.safetensors");
        _work.Build(app).Succeeded();
        Assert.Equal(["Contoso.TinyModel"], _work.TakeRuns());
        string first = File.ReadAllText(output);

        _work.Build(app, "--no-restore").Succeeded();
        Assert.Empty(_work.TakeRuns());

        Workspace.Edit(Path.Combine(app, "App.csproj"), "/1.0.0", "/1.0.1-beta.2");
        _work.Build(app).Succeeded();
        Assert.Equal(["Contoso.TinyModel"], _work.TakeRuns());
        Assert.NotEqual(first, File.ReadAllText(output));
    }

    [Theory]
    [InlineData("package:Contoso.TinyModel")]
    [InlineData("package:Contoso.TinyModel/latest")]
    [InlineData("package:Contoso.TinyModel/[1.0,2.0)")]
    [InlineData("package:/1.0.0")]
    [InlineData("package:../1.0.0")]
    public void A_package_without_an_exact_version_is_an_error_at_the_item(string include)
    {
        string app = _work.WriteApp($"""<QuantizedModel Include="{include}" />""");
        Assert.Matches(@"App\.csproj\(7,\d+\): error MQ1110", _work.Build(app).Failed().Output);
        Assert.Empty(_work.TakeRuns());
    }
}
