namespace MobileQuant.Text;

/// <summary>The ids that stand before and after an encoded text.</summary>
/// <param name="Before">In front.</param>
/// <param name="After">Behind.</param>
internal sealed record SpecialTokenTemplate(IReadOnlyList<int> Before, IReadOnlyList<int> After)
{
    private static readonly SpecialTokenTemplate Empty = new([], []);

    /// <summary>Reads <c>post_processor</c>, which may be null.</summary>
    public static SpecialTokenTemplate Read(JsonPart? part, Vocabulary vocabulary)
    {
        if (part is not { } processor)
        {
            return Empty;
        }

        switch (processor.Type)
        {
            case "ByteLevel":
                // It trims offsets, which are not reported here.
                processor.AllowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
                return Empty;
            case "Sequence":
                processor.AllowOnly("type", "processors");
                return processor.Required("processors").Items()
                    .Select(step => Read(step, vocabulary))
                    .Aggregate(Empty, (inner, outer) => new([.. outer.Before, .. inner.Before], [.. inner.After, .. outer.After]));
            case "TemplateProcessing":
                processor.AllowOnly("type", "single", "pair", "special_tokens");
                return ReadTemplate(processor, vocabulary);
            default:
                throw TokenizerErrors.Unsupported(processor.Path, $"the post-processor '{processor.Type}'");
        }
    }

    /// <summary>The template as <c>add_bos_token</c> and <c>add_eos_token</c> of tokenizer_config.json want it; null leaves it.</summary>
    public SpecialTokenTemplate With(bool? addsBegin, int? beginId, bool? addsEnd, int? endId) => new(
        Apply(Before, addsBegin, beginId),
        Apply(After, addsEnd, endId));

    private static IReadOnlyList<int> Apply(IReadOnlyList<int> ids, bool? wanted, int? id) =>
        wanted is not { } add || id is not { } token || ids.Contains(token) == add ? ids
        : add ? [.. ids, token]
        : [.. ids.Where(other => other != token)];

    private static SpecialTokenTemplate ReadTemplate(JsonPart processor, Vocabulary vocabulary)
    {
        List<int> before = [];
        List<int> after = [];
        bool textSeen = false;
        foreach (JsonPart piece in processor.Required("single").Items())
        {
            piece.AllowOnly("SpecialToken", "Sequence");
            if (piece.Optional("SpecialToken") is { } special)
            {
                (textSeen ? after : before).AddRange(ReadIds(processor, special.Required("id"), vocabulary));
                continue;
            }

            JsonPart sequence = piece.Required("Sequence").Required("id");
            if (textSeen || sequence.Text != "A")
            {
                throw TokenizerErrors.Unsupported(sequence.Path, $"the sequence '{sequence.Text}' in the template of a single text");
            }

            textSeen = true;
        }

        return textSeen
            ? new SpecialTokenTemplate(before, after)
            : throw TokenizerErrors.Unsupported(processor.Path, "a template without the text itself");
    }

    private static IEnumerable<int> ReadIds(JsonPart processor, JsonPart name, Vocabulary vocabulary)
    {
        foreach (JsonPart id in processor.Required("special_tokens").Required(name.Text).Required("ids").Items())
        {
            yield return vocabulary.TokenAt(id.Integer) is not null
                ? id.Integer
                : throw TokenizerErrors.Inconsistent(id.Path, $"the id {id.Integer} of '{name.Text}' is not in the vocabulary");
        }
    }
}
