namespace MobileQuant;

/// <summary>A message of a conversation.</summary>
/// <param name="Role">Who speaks: <c>system</c>, <c>user</c> or <c>assistant</c> in nearly all models.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>The role of what sets the stage.</summary>
    public const string SystemRole = "system";

    /// <summary>The role of the one who asks.</summary>
    public const string UserRole = "user";

    /// <summary>The role of the model.</summary>
    public const string AssistantRole = "assistant";
}
