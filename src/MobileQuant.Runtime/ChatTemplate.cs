using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MobileQuant.Text;
using MobileQuant.Text.Templates;

namespace MobileQuant;

/// <summary>
/// How a model wants a conversation written: a Jinja template that comes with it. It is interpreted, never compiled or given
/// access to anything but the messages and variables, within limits on steps, memory and nesting: a hostile template gives an error.
/// Immutable, safe for use by several threads.
/// </summary>
public sealed class ChatTemplate
{
    private readonly IReadOnlyList<Statement> _statements;
    private readonly string? _beginOfText;
    private readonly string? _endOfText;

    private ChatTemplate(string source, string? beginOfText, string? endOfText)
    {
        Source = source;
        _statements = TemplateParser.Parse(source);
        _beginOfText = beginOfText;
        _endOfText = endOfText;
    }

    /// <summary>The template as written.</summary>
    public string Source { get; }

    /// <summary>Parses a template.</summary>
    /// <param name="source">Jinja, as in the <c>chat_template</c> of a Hugging Face tokenizer.</param>
    /// <param name="beginOfText">What the variable <c>bos_token</c> says; null: it is undefined.</param>
    /// <param name="endOfText">What the variable <c>eos_token</c> says; null: it is undefined.</param>
    /// <returns>The template.</returns>
    /// <exception cref="MobileQuantException">MQ2120: not Jinja, or a part of it that is not supported, with the line; MQ2122: too long or too deep.</exception>
    public static ChatTemplate Parse(string source, string? beginOfText = null, string? endOfText = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new(source, beginOfText, endOfText);
    }

    /// <summary>Finds and parses the template among a tokenizer's files: <c>chat_template.jinja</c>, else <c>chat_template</c> in tokenizer_config.json.</summary>
    /// <param name="files">The files in memory.</param>
    /// <returns>The template, or null where there is none.</returns>
    /// <exception cref="MobileQuantException">As <see cref="Parse"/>; MQ2124: the file or member is not a template.</exception>
    public static ChatTemplate? FromFiles(TokenizerFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        ChatTemplateSource found = ChatTemplateSource.Read(files);
        return found.Source is null ? null : new(found.Source, found.BeginOfText, found.EndOfText);
    }

    /// <summary>Writes a conversation as the model wants it.</summary>
    /// <param name="messages">The messages, oldest first.</param>
    /// <param name="addGenerationPrompt">Whether the beginning of an answer follows, which the model then continues.</param>
    /// <param name="variables">More variables that the template looks at, such as <c>enable_thinking</c>; null: none.</param>
    /// <returns>The text. Special tokens stand in it by name.</returns>
    /// <exception cref="MobileQuantException">MQ2121: the template fails on these messages; MQ2122: it exceeds a limit; MQ2123: it refuses the conversation.</exception>
    public string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt = true, JsonObject? variables = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        JsonArray list = [.. messages.Select(message => (JsonNode)new JsonObject { ["role"] = message.Role, ["content"] = message.Content })];
        return Render(list, addGenerationPrompt, variables, TimeProvider.System);
    }

    internal string Render(JsonArray messages, bool addGenerationPrompt, JsonObject? variables, TimeProvider clock)
    {
        Dictionary<string, object> all = new(StringComparer.Ordinal)
        {
            ["messages"] = JsonValues.Read(messages),
            ["add_generation_prompt"] = addGenerationPrompt,
        };
        if (_beginOfText is not null)
        {
            all["bos_token"] = _beginOfText;
        }

        if (_endOfText is not null)
        {
            all["eos_token"] = _endOfText;
        }

        foreach ((string name, JsonNode? value) in variables ?? [])
        {
            all[name] = JsonValues.Read(value);
        }

        return Renderer.Render(_statements, all, clock);
    }
}
