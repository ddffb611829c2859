using System.Text.RegularExpressions;
using System.Xml.Linq;
using MobileQuant.Build.Diagnostics;
using MobileQuant.Build.Models;
using MobileQuant.Build.Tests.Infrastructure;
using MobileQuant.Tests;

namespace MobileQuant.Build.Tests;

/// <summary>The places that describe an item agree: defaults, checks, property page, documentation.</summary>
public sealed partial class MetadataTests
{
    private static readonly XDocument s_props = XDocument.Load(Path.Combine(Repository.BuildSource, "sdk", "MobileQuant.props"));
    private static readonly XDocument s_rule = XDocument.Load(Path.Combine(Repository.BuildSource, "sdk", "rules", "QuantizedModel.xaml"));

    [Fact]
    public void Every_setting_has_a_default_a_property_page_entry_and_a_paragraph()
    {
        IEnumerable<string> expected = ModelMetadata.Public.Order(StringComparer.Ordinal);
        Assert.Equal(expected, Defaults().Keys.Order(StringComparer.Ordinal));
        Assert.Equal(expected, s_rule.Root!.Elements().Where(element => element.Name.LocalName.EndsWith("Property", StringComparison.Ordinal))
            .Select(element => element.Attribute("Name")!.Value).Order(StringComparer.Ordinal));
        string page = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "docs", "build.md"));
        Assert.All(ModelMetadata.Public, name => Assert.Contains($"| `{name}` |", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Defaults_pass_the_checks_unchanged() =>
        Assert.All(Defaults(), pair =>
        {
            Assert.True(MetadataTable.TryNormalize(pair.Key, pair.Value, out string? normalized, out string expected), expected);
            Assert.Equal(pair.Value, normalized);
        });

    [Fact]
    public void The_property_page_offers_the_words_that_the_checks_accept() =>
        Assert.All(MetadataTable.Words, pair => Assert.Equal(
            pair.Value.Order(StringComparer.Ordinal),
            s_rule.Root!.Elements().Single(element => element.Attribute("Name")?.Value == pair.Key)
                .Elements().Select(value => value.Attribute("Name")!.Value).Order(StringComparer.Ordinal)));

    [Theory]
    [InlineData("Precison", "Precision")]
    [InlineData("Activation", "Activations")]
    [InlineData("Reciepe", "Recipe")]
    [InlineData("precision", null)]
    [InlineData("Culture", null)]
    [InlineData("Sed", null)]
    [InlineData("MyTeam", null)]
    public void A_name_close_to_a_setting_is_taken_for_a_slip(string name, string? meant) => Assert.Equal(meant, MetadataSpelling.Suggest(name));

    [Theory]
    [InlineData("plain/path", "plain/path")]
    [InlineData("a;b%c", "a%3bb%25c")]
    [InlineData("what (is) $this@?*'", "what %28is%29 %24this%40%3f%2a%27")]
    public void Paths_are_escaped_as_MSBuild_does(string path, string escaped) => Assert.Equal(escaped, FileList.Escape(path));

    [Fact]
    public void Every_code_has_a_page_and_every_page_of_the_band_a_code()
    {
        string[] used = Directory.GetFiles(Repository.BuildSource, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains(@"\obj\", StringComparison.Ordinal))
            .SelectMany(file => Code().Matches(File.ReadAllText(file)).Select(match => match.Value))
            .Distinct().Order(StringComparer.Ordinal).ToArray();
        Assert.NotEmpty(used);
        Assert.Equal(used, Directory.GetFiles(Repository.ErrorPages, "MQ11??.md").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(true, "/usr/share/dotnet/sdk/10.0.100/dotnet.dll", "run", "--project", "x")]
    [InlineData(true, "dotnet.dll", "watch")]
    [InlineData(false, "dotnet.dll", "build")]
    [InlineData(false, "MSBuild.dll", "run")]
    [InlineData(false, "dotnet.dll")]
    public void Lines_go_to_the_console_only_under_run_and_watch(bool expected, params string[] arguments) =>
        Assert.Equal(expected, ConsoleEcho.IsRunCommand(arguments));

    private static Dictionary<string, string> Defaults() =>
        s_props.Descendants("ItemDefinitionGroup").Elements("QuantizedModel").Elements().ToDictionary(element => element.Name.LocalName, element => element.Value);

    [GeneratedRegex("MQ11[0-9]{2}")]
    private static partial Regex Code();
}
