namespace MobileQuant.Text;

/// <summary>The pre-tokenizer <c>Metaspace</c>: spaces become a visible marker, one may be put in front, words start at markers.</summary>
internal sealed class MetaspaceSplitter : IPreTokenizer
{
    private readonly char _marker;
    private readonly bool _prepends;
    private readonly bool _prependsOnlyAtStart;
    private readonly bool _splits;

    private MetaspaceSplitter(char marker, bool prepends, bool prependsOnlyAtStart, bool splits)
    {
        _marker = marker;
        _prepends = prepends;
        _prependsOnlyAtStart = prependsOnlyAtStart;
        _splits = splits;
    }

    public static MetaspaceSplitter Read(JsonPart part)
    {
        // Files of before the schemes say add_prefix_space; str_rep repeats the replacement.
        part.AllowOnly("type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep");
        string scheme = part.Optional("prepend_scheme")?.Text ?? (part.FlagOr("add_prefix_space", true) ? "always" : "never");
        if (scheme is not ("always" or "first" or "never"))
        {
            throw TokenizerErrors.Unsupported(part.Path, $"the prepend_scheme '{scheme}'");
        }

        return new MetaspaceSplitter(
            part.Required("replacement").Character, scheme != "never", scheme == "first", part.FlagOr("split", true));
    }

    public void Split(ReadOnlySpan<char> text, bool startsText, PieceReceiver receive)
    {
        string marked = text.ToString().Replace(' ', _marker);
        if (_prepends && (startsText || !_prependsOnlyAtStart) && marked[0] != _marker)
        {
            marked = _marker + marked;
        }

        if (!_splits)
        {
            receive(marked, startsText);
            return;
        }

        int start = 0;
        while (start < marked.Length)
        {
            int next = marked.IndexOf(_marker, start + 1);
            int end = next < 0 ? marked.Length : next;
            receive(marked.AsSpan(start, end - start), startsText && start == 0);
            start = end;
        }
    }
}
