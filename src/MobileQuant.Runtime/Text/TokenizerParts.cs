using System.Text.Json;

namespace MobileQuant.Text;

/// <summary>Everything that a tokenizer.json and a tokenizer_config.json say, read and checked.</summary>
internal sealed record TokenizerParts(
    Vocabulary Vocabulary,
    IReadOnlyCollection<AddedToken> AddedTokens,
    TextNormalizer Normalizer,
    PreTokenizerChain PreTokenizers,
    BpeModel Model,
    TokenDecoder Decoder,
    SpecialTokenTemplate Template,
    int? BeginOfTextId,
    int? EndOfTextId)
{
    /// <summary>Reads both files.</summary>
    public static TextTokenizer Read(ReadOnlyMemory<byte> tokenizerJson, ReadOnlyMemory<byte> configJson)
    {
        string file = TextTokenizer.ConfigFileName;
        try
        {
            TokenizerConfig config = TokenizerConfig.None;
            if (!configJson.IsEmpty)
            {
                using JsonDocument configDocument = Parse(configJson);
                config = TokenizerConfig.Read(new JsonPart(configDocument.RootElement, file));
            }

            file = TextTokenizer.FileName;
            using JsonDocument document = Parse(tokenizerJson);
            return new TextTokenizer(Read(new JsonPart(document.RootElement, file), config));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter is what System.Text.Json throws for a string that is not Unicode.
            throw TokenizerErrors.Malformed(file, $"the file is not valid JSON: {e.Message}", e);
        }
    }

    private static TokenizerParts Read(JsonPart root, TokenizerConfig config)
    {
        // truncation and padding are settings for batches; the transformers library too switches them off unless a call asks for them.
        root.AllowOnly(
            "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model");
        if (root.Optional("version") is { } version && version.Text != "1.0")
        {
            throw TokenizerErrors.Unsupported(version.Path, $"the version '{version.Text}'");
        }

        Vocabulary vocabulary = new();
        BpeModel model = BpeModel.Read(root.Required("model"), vocabulary);
        IReadOnlyCollection<AddedToken> added = ReadAddedTokens(root, config, vocabulary);
        int? begin = FindNamed(config.BeginOfText, "bos_token", vocabulary);
        int? end = FindNamed(config.EndOfText, "eos_token", vocabulary);
        SpecialTokenTemplate template = SpecialTokenTemplate.Read(root.Optional("post_processor"), vocabulary)
            .With(config.AddsBeginOfText, begin, config.AddsEndOfText, end);
        return new TokenizerParts(
            vocabulary,
            added,
            TextNormalizer.Read(root.Optional("normalizer")),
            PreTokenizerChain.Read(root.Optional("pre_tokenizer")),
            model,
            TokenDecoder.Read(root.Optional("decoder"), vocabulary),
            template,
            begin ?? (template.Before is [int first, ..] ? first : null),
            end ?? (template.After is [.., int last] ? last : null));
    }

    /// <summary>The tokens of both files; the config overrides, and a token that it only names becomes a special one.</summary>
    private static Dictionary<int, AddedToken>.ValueCollection ReadAddedTokens(JsonPart root, TokenizerConfig config, Vocabulary vocabulary)
    {
        Dictionary<int, AddedToken> added = [];
        foreach (JsonPart part in root.Optional("added_tokens")?.Items() ?? [])
        {
            Add(AddedToken.Read(part), part.Path);
        }

        foreach (AddedToken token in config.AddedTokens)
        {
            Add(token, $"{TextTokenizer.ConfigFileName}: added_tokens_decoder");
        }

        foreach (string name in config.NamedTokens)
        {
            // A padding token that the model has no row for can neither be given to it nor come from it.
            if (vocabulary.TryGetId(name, out int id))
            {
                added.TryAdd(id, new AddedToken(name, id, Special: true, Normalized: false, false, false, false));
            }
        }

        return added.Values;

        void Add(AddedToken token, string where)
        {
            if (token.Content.Length > 0)
            {
                vocabulary.AddOutsideModel(token.Content, token.Id, where);
                added[token.Id] = token;
            }
        }
    }

    private static int? FindNamed(string? token, string role, Vocabulary vocabulary) =>
        token is null ? null
        : vocabulary.TryGetId(token, out int id) ? id
        : throw TokenizerErrors.Inconsistent($"{TextTokenizer.ConfigFileName}: {role}", $"'{token}' is not in the vocabulary");

    private static JsonDocument Parse(ReadOnlyMemory<byte> utf8)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        return JsonDocument.Parse(utf8.Span.StartsWith(mark) ? utf8[mark.Length..] : utf8);
    }
}
