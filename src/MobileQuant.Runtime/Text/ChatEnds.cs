using System.Text.Json.Nodes;

namespace MobileQuant.Text;

/// <summary>The tokens that end an answer in a chat: the tokenizer's end of text, and the token that the template writes after a turn of the model.</summary>
internal static class ChatEnds
{
    /// <summary>Finds them.</summary>
    /// <param name="tokenizer">Knows which tokens are special.</param>
    /// <param name="template">Is asked to write a turn.</param>
    /// <param name="variables">For the template.</param>
    /// <returns>Ids; none where neither says how a turn ends.</returns>
    public static IReadOnlySet<int> Find(TextTokenizer tokenizer, ChatTemplate template, JsonObject? variables)
    {
        HashSet<int> ends = [];
        if (tokenizer.EndOfTextId is { } end)
        {
            ends.Add(end);
        }

        const string answer = "Certainlynot";
        string? text = TryRender(template, [new(ChatMessage.UserRole, "A"), new(ChatMessage.AssistantRole, answer), new(ChatMessage.UserRole, "B")], variables);
        int at = text?.LastIndexOf(answer, StringComparison.Ordinal) ?? -1;

        // Templates put a space or line break in front of it at most.
        if (at >= 0 && tokenizer.Encode(text![(at + answer.Length)..].TrimStart(), addSpecialTokens: false) is [int first, ..] && tokenizer.IsAdded(first))
        {
            ends.Add(first);
        }

        return ends;
    }

    /// <summary>Null for a template that refuses this conversation.</summary>
    private static string? TryRender(ChatTemplate template, ChatMessage[] messages, JsonObject? variables)
    {
        try
        {
            return template.Render(messages, addGenerationPrompt: false, variables);
        }
        catch (MobileQuantException)
        {
            return null;
        }
    }
}
