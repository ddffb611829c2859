namespace MobileQuant.Text;

/// <summary>The pre-tokenizer <c>Split</c>: cuts at the matches of a pattern.</summary>
internal sealed class PatternSplitter(TextPattern pattern, DelimiterBehavior behavior, bool inverted) : IPreTokenizer
{
    private readonly TextPattern _pattern = pattern;

    public static PatternSplitter Read(JsonPart part)
    {
        part.AllowOnly("type", "pattern", "behavior", "invert");
        JsonPart behavior = part.Required("behavior");
        return new PatternSplitter(TextPattern.Read(part.Required("pattern")), ReadBehavior(behavior), part.FlagOr("invert", false));
    }

    public void Split(ReadOnlySpan<char> text, bool startsText, PieceReceiver receive)
    {
        // The receiver below cannot capture a span, so the ranges come first.
        List<Range> pieces = [];
        bool previousMatched = false;
        _pattern.Split(text, (span, isMatch) =>
        {
            isMatch ^= inverted;
            bool joins = pieces.Count > 0 && behavior switch
            {
                DelimiterBehavior.MergedWithPrevious => isMatch && !previousMatched,
                DelimiterBehavior.MergedWithNext => !isMatch && previousMatched,
                DelimiterBehavior.Contiguous => isMatch == previousMatched,
                _ => false,
            };
            previousMatched = isMatch;
            if (joins)
            {
                pieces[^1] = pieces[^1].Start..span.End;
            }
            else if (!isMatch || behavior != DelimiterBehavior.Removed)
            {
                pieces.Add(span);
            }
        });

        foreach (Range piece in pieces)
        {
            receive(text[piece], startsText && piece.Start.Value == 0);
        }
    }

    private static DelimiterBehavior ReadBehavior(JsonPart part) => part.Text switch
    {
        nameof(DelimiterBehavior.Removed) => DelimiterBehavior.Removed,
        nameof(DelimiterBehavior.Isolated) => DelimiterBehavior.Isolated,
        nameof(DelimiterBehavior.MergedWithPrevious) => DelimiterBehavior.MergedWithPrevious,
        nameof(DelimiterBehavior.MergedWithNext) => DelimiterBehavior.MergedWithNext,
        nameof(DelimiterBehavior.Contiguous) => DelimiterBehavior.Contiguous,
        _ => throw TokenizerErrors.Unsupported(part.Path, $"the behavior '{part.Text}'"),
    };
}
