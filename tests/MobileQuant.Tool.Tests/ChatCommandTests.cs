using System.Text.Json;

namespace MobileQuant.Tool.Tests;

/// <summary>Conversations with the default model, which tells stories: what it says does not matter here.</summary>
public sealed class ChatCommandTests(DefaultArtifact artifact) : IClassFixture<DefaultArtifact>
{
    private const string Template = "{% for m in messages %}{{ m.role }} said: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}Tom said:{% endif %}";

    private string TemplateFile => artifact.Folder.Write("template.jinja", Template);

    [Fact]
    public async Task One_question_is_answered_streamed_and_as_json()
    {
        CommandRun streamed = await Chat("", "--prompt", "Where is the dog?", "--system", "A story.");
        CommandRun run = await Chat("", "--prompt", "Where is the dog?", "--system", "A story.", "--json");
        JsonElement json = run.Json;

        Assert.True(streamed.ExitCode == 0, streamed.Error);
        Assert.Equal(streamed.Out.TrimEnd('\n'), json.GetProperty("text").GetString()!.TrimEnd('\n'));
        Assert.Equal(12, json.GetProperty("newTokens").GetInt32());
        Assert.True(json.GetProperty("promptTokens").GetInt32() > 10);
        Assert.Equal(
            ["model", "text", "promptTokens", "newTokens", "stopReason", "prefillTokensPerSecond", "decodeTokensPerSecond", "loadSeconds", "kernelPath", "threads"],
            json.EnumerateObject().Select(member => member.Name));
        CommandRun other = await Chat("", "--prompt", "Where is the dog?", "--json");
        Assert.NotEqual(json.GetProperty("promptTokens").GetInt32(), other.Json.GetProperty("promptTokens").GetInt32());
    }

    [Fact]
    public async Task Lines_are_messages_and_reset_forgets_them()
    {
        CommandRun run = await Chat("Hello there\n\nHow are you?\n/reset\nHello there\n/exit\nnever read\n");

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal("", run.Error);
        string first = (await Chat("", "--prompt", "Hello there", "--json")).Json.GetProperty("text").GetString()!;
        Assert.StartsWith(first + "\n", run.Out, StringComparison.Ordinal);
        Assert.EndsWith(first + "\n", run.Out, StringComparison.Ordinal);
        Assert.True(run.Out.Length > 2 * (first.Length + 1));
    }

    [Fact]
    public async Task A_prompt_can_come_from_standard_input()
    {
        CommandRun run = await Chat("Hello there", "--prompt", "-", "--json");

        Assert.Equal((await Chat("", "--prompt", "Hello there", "--json")).Json.GetProperty("text").GetString(), run.Json.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Wrong_use_is_one_error()
    {
        (await CommandRun.Of("run", artifact.Path, "--json")).IsError(2, "MQ1013");
        (await CommandRun.Of("run", artifact.Path, "--prompt", "x", "--system", "y", "--json")).IsError(2, "MQ1013");
        (await CommandRun.Of("run", artifact.Path, "--chat", "--json")).IsError(2, "MQ1013");
        (await CommandRun.Of("run", artifact.Path, "--chat", "--prompt", "x", "--chat-template", artifact.Folder["none.jinja"], "--json")).IsError(2, "MQ1014");
        string bad = artifact.Folder.Write("bad.jinja", "{% if %}");
        (await CommandRun.Of("run", artifact.Path, "--chat", "--prompt", "x", "--chat-template", bad, "--json")).IsError(1, "MQ2120");
    }

    [Fact]
    public async Task A_model_without_a_template_says_how_to_give_one()
    {
        CommandRun run = await CommandRun.Of("run", artifact.Path, "--chat", "--prompt", "x", "--json");

        run.IsError(1, "MQ2125");
        Assert.Contains("--chat-template", run.Json.GetProperty("error").GetProperty("remedy").GetString(), StringComparison.Ordinal);
    }

    private Task<CommandRun> Chat(string input, params string[] more) =>
        CommandRun.WithInput(input, ["run", artifact.Path, "--chat", "--chat-template", TemplateFile, "--temperature", "0", "--max-tokens", "12", .. more]);
}
