using System.Text;
using System.Text.Json;
using MobileQuant.Text.Templates;

namespace MobileQuant.Text;

/// <summary>The chat template that a tokenizer's files hold, not yet parsed, and the texts of the special tokens that it may write.</summary>
/// <param name="Source">Jinja; null where there is none.</param>
/// <param name="BeginOfText">The text of <c>bos_token</c>, or null.</param>
/// <param name="EndOfText">The text of <c>eos_token</c>, or null.</param>
internal sealed record ChatTemplateSource(string? Source, string? BeginOfText, string? EndOfText)
{
    private const string Member = "chat_template";

    public static ChatTemplateSource Read(TokenizerFiles files)
    {
        string? source = files.ChatTemplate is { } file ? Decode(file) : null;
        if (files.Config is not { IsEmpty: false } bytes)
        {
            return new(source, null, null);
        }

        try
        {
            ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
            using JsonDocument document = JsonDocument.Parse(bytes.Span.StartsWith(mark) ? bytes[mark.Length..] : bytes);
            JsonPart root = new(document.RootElement, TokenizerFiles.ConfigName);
            TokenizerConfig config = TokenizerConfig.Read(root);
            return new(source ?? Find(root.Optional(Member)), config.BeginOfText, config.EndOfText);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw TokenizerErrors.Malformed(TokenizerFiles.ConfigName, $"the file is not valid JSON: {e.Message}", e);
        }
    }

    private static string Decode(ReadOnlyMemory<byte> file)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(file.Span).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException e)
        {
            throw TemplateErrors.Malformed(TokenizerFiles.ChatTemplateName, "the file is not UTF-8", e);
        }
    }

    private static string? Find(JsonPart? part)
    {
        if (part is not { } value)
        {
            return null;
        }

        if (value.IsString)
        {
            return value.Text;
        }

        // A list of templates for several purposes, or an object of them by name.
        if (value.IsObject)
        {
            return value.Optional("default")?.Text ?? throw NoDefault(value);
        }

        if (value.Kind != JsonValueKind.Array)
        {
            throw TemplateErrors.Malformed(value.Path, "expected a string or a list of templates");
        }

        foreach (JsonPart named in value.Items())
        {
            if (named.Required("name").Text == "default")
            {
                return named.Required("template").Text;
            }
        }

        throw NoDefault(value);
    }

    private static MobileQuantException NoDefault(JsonPart value) => TemplateErrors.Malformed(value.Path, "none of the templates is named 'default'");
}
