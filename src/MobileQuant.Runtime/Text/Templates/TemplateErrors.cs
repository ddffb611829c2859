namespace MobileQuant.Text.Templates;

/// <summary>The failures of chat templates, MQ2120 to MQ2124; each has a page in docs/errors.</summary>
internal static class TemplateErrors
{
    public static MobileQuantException Syntax(int line, string problem) => new(
        "MQ2120",
        $"Chat template, line {line}: {problem}.",
        "Correct the template, or give another one; docs/design/chat-templates.md lists what is supported.");

    public static MobileQuantException Rendering(int line, string problem) => new(
        "MQ2121",
        $"Chat template, line {line}: {problem}.",
        "Check that the messages have the form that the template expects, or give another template.");

    public static MobileQuantException Limit(int line, string limit) => new(
        "MQ2122",
        $"Chat template, line {line}: {limit}.",
        "No published template comes near the limits: give one from a source that you trust.");

    public static MobileQuantException Refused(int line, string message) => new(
        "MQ2123",
        $"The chat template refuses this conversation (line {line}): {message}",
        "Change the conversation as the template asks: it decides which roles there are and in which order they speak.");

    public static MobileQuantException Malformed(string where, string problem, Exception? cause = null) => new(
        "MQ2124",
        $"{where}: {problem}.",
        "chat_template is a string, or a list of templates with a name of which one is 'default'.",
        cause);
}
