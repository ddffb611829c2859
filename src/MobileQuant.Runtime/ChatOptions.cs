using System.Text.Json.Nodes;

namespace MobileQuant;

/// <summary>How a conversation is held.</summary>
public sealed record ChatOptions
{
    /// <summary>What the model is told before anything else; null: nothing, where some templates then say something of their own.</summary>
    public string? SystemMessage { get; init; }

    /// <summary>A template to use instead of the model's own; null: the model's own.</summary>
    public ChatTemplate? Template { get; init; }

    /// <summary>More variables for the template, such as <c>enable_thinking</c>; null: none.</summary>
    public JsonObject? Variables { get; init; }

    /// <summary>Threads and kernel; null: all cores, the best kernel.</summary>
    public SessionOptions? Session { get; init; }
}
