namespace MobileQuant.Text.Templates;

/// <summary>A text by code points, as Python counts them; without surrogates these are its UTF-16 units.</summary>
internal readonly struct CodePoints
{
    private readonly string _text;
    private readonly List<int>? _starts;

    public CodePoints(RenderContext context, string text)
    {
        context.Spend(text.Length);
        _text = text;
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            Count = text.Length;
            return;
        }

        _starts = new(text.Length);
        for (int at = 0; at < text.Length; at += at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1)
        {
            _starts.Add(at);
        }

        Count = _starts.Count;
    }

    public int Count { get; }

    /// <summary>The position in UTF-16 of a code point; <see cref="Count"/> gives the end.</summary>
    public int At(int index) => _starts is null ? index : index == Count ? _text.Length : _starts[index];

    /// <summary>The code point that holds a position in UTF-16.</summary>
    public int IndexOf(int position)
    {
        int found = _starts?.BinarySearch(position) ?? position;
        return found >= 0 ? found : ~found - 1;
    }

    public string Slice(int start, int count) => _text[At(start)..At(start + count)];
}
