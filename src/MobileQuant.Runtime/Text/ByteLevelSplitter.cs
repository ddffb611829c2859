using System.Buffers;

namespace MobileQuant.Text;

/// <summary>
/// The pre-tokenizer <c>ByteLevel</c>: an optional space in front and the splitting pattern of GPT-2. The step from bytes to the
/// byte-level alphabet is done for each piece by the encoder, after its cache of words.
/// </summary>
internal sealed class ByteLevelSplitter : IPreTokenizer
{
    private readonly bool _addsPrefixSpace;
    private readonly PatternSplitter? _words;

    private ByteLevelSplitter(bool addsPrefixSpace, PatternSplitter? words)
    {
        _addsPrefixSpace = addsPrefixSpace;
        _words = words;
    }

    public static ByteLevelSplitter Read(JsonPart part)
    {
        // trim_offsets speaks of offsets, which are not reported here.
        part.AllowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
        PatternSplitter words = new(
            TextPattern.FromExpression(KnownPatterns.Gpt2, part.Path), DelimiterBehavior.Isolated, inverted: false);
        return new ByteLevelSplitter(part.FlagOr("add_prefix_space", true), part.FlagOr("use_regex", true) ? words : null);
    }

    public void Split(ReadOnlySpan<char> text, bool startsText, PieceReceiver receive)
    {
        if (!_addsPrefixSpace || text is [' ', ..])
        {
            SplitWords(text, startsText, receive);
            return;
        }

        char[] rented = ArrayPool<char>.Shared.Rent(text.Length + 1);
        rented[0] = ' ';
        text.CopyTo(rented.AsSpan(1));
        SplitWords(rented.AsSpan(0, text.Length + 1), startsText, receive);
        ArrayPool<char>.Shared.Return(rented);
    }

    private void SplitWords(ReadOnlySpan<char> text, bool startsText, PieceReceiver receive)
    {
        if (_words is null)
        {
            receive(text, startsText);
        }
        else
        {
            _words.Split(text, startsText, receive);
        }
    }
}
