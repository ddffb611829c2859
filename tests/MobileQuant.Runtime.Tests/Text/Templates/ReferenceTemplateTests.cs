using System.Text.Json.Nodes;
using Xunit.Abstractions;

namespace MobileQuant.Tests.Text.Templates;

/// <summary>
/// Templates with what Python's jinja2 3.1.6 makes of them (immutable sandbox, trim_blocks and lstrip_blocks on, loop controls, tojson by
/// json.dumps): templates in the style of the known families, and each construct by itself.
/// </summary>
public sealed class ReferenceTemplateTests(ITestOutputHelper output)
{
    private static readonly string[] FailureCodes = ["MQ2120", "MQ2121"];

    [Fact]
    public void Templates_render_as_jinja2_renders_them()
    {
        string file = Environment.GetEnvironmentVariable("MOBILEQUANT_TEMPLATES") ?? Path.Combine(AppContext.BaseDirectory, "templates.json");
        JsonArray cases = JsonNode.Parse(File.ReadAllText(file))!.AsArray();
        List<string> different = [];
        foreach (JsonObject test in cases.Select(node => node!.AsObject()))
        {
            string found = Render(test);
            string expected = test["expected"]?.GetValue<string>() is { } text ? "= " + text
                : test["refused"]?.GetValue<string>() is { } message ? "refused: " + message
                : "error";
            if (expected != found && !(expected == "error" && found.StartsWith("error", StringComparison.Ordinal)))
            {
                different.Add($"{test["name"]}\n{test["template"]}\n  expected {expected}\n  found    {found}");
            }
        }

        different.ForEach(output.WriteLine);
        Assert.True(cases.Count > 100);
        Assert.Empty(different);
    }

    private static string Render(JsonObject test)
    {
        try
        {
            ChatTemplate template = ChatTemplate.Parse(test["template"]!.GetValue<string>(), "<s>", "</s>");
            return "= " + template.Render(test["messages"]!.AsArray(), test["add_generation_prompt"]!.GetValue<bool>(), test["variables"]?.AsObject(), FixedClock.Instance);
        }
        catch (MobileQuantException e) when (e.Code == "MQ2123")
        {
            return "refused: " + e.Message[(e.Message.IndexOf("): ", StringComparison.Ordinal) + 3)..];
        }
        catch (MobileQuantException e) when (FailureCodes.Contains(e.Code))
        {
            return $"error {e.Message}";
        }
    }

    /// <summary>A Friday morning.</summary>
    private sealed class FixedClock : TimeProvider
    {
        public static FixedClock Instance { get; } = new();

        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2024, 7, 26, 9, 5, 3, TimeSpan.Zero);
    }
}
