using System.Globalization;
using System.Text;

namespace MobileQuant.Text;

/// <summary>
/// What each token means as bytes of text, worked out once from the decoder of a tokenizer.json, and the rules between tokens:
/// which tokens are single bytes and how much is stripped from the start of a text.
/// </summary>
internal sealed class TokenDecoder
{
    private readonly byte[] _bytes;
    private readonly int[] _offsets;
    private readonly bool[] _isByte;

    private TokenDecoder(byte[] bytes, int[] offsets, bool[] isByte, DecoderPlan plan)
    {
        _bytes = bytes;
        _offsets = offsets;
        _isByte = isByte;
        IsByteLevel = plan.IsByteLevel;
        StrippedCharacter = plan.StrippedCharacter;
        StrippedCount = plan.StrippedCount;
    }

    /// <summary>Whether all tokens are bytes, decoded as one stream of UTF-8; otherwise those for which <see cref="IsByte"/> holds.</summary>
    public bool IsByteLevel { get; }

    /// <summary>The character stripped from the start of a text.</summary>
    public char StrippedCharacter { get; }

    /// <summary>At most so many of them.</summary>
    public int StrippedCount { get; }

    /// <summary>Reads <c>decoder</c> and applies it to every token of <paramref name="vocabulary"/>.</summary>
    public static TokenDecoder Read(JsonPart? part, Vocabulary vocabulary)
    {
        DecoderPlan plan = DecoderPlan.Read(part ?? throw TokenizerErrors.Unsupported("tokenizer.json: decoder", "a tokenizer without a decoder"));
        int[] offsets = new int[vocabulary.Size + 1];
        bool[] isByte = new bool[vocabulary.Size];
        List<byte> bytes = [];
        for (int id = 0; id < vocabulary.Size; id++)
        {
            string token = plan.Replace(vocabulary.TokenAt(id) ?? string.Empty);
            if (plan.IsByteLevel)
            {
                AppendByteLevel(token, bytes);
            }
            else if (plan.HasByteFallback && TryParseByte(token, out byte value))
            {
                isByte[id] = true;
                bytes.Add(value);
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(token));
            }

            offsets[id + 1] = bytes.Count;
        }

        return new TokenDecoder([.. bytes], offsets, isByte, plan);
    }

    /// <summary>The bytes of a token, before anything is stripped; none for an id that has no token.</summary>
    public ReadOnlySpan<byte> BytesOf(int id) => (uint)id < (uint)_isByte.Length
        ? _bytes.AsSpan(_offsets[id], _offsets[id + 1] - _offsets[id])
        : default;

    /// <summary>Whether the token is one byte of a longer UTF-8 sequence (<c>&lt;0x0A&gt;</c>).</summary>
    public bool IsByte(int id) => (uint)id < (uint)_isByte.Length && _isByte[id];

    /// <summary>Whether the id has a token at all; the library passes over ids that have none, even between bytes.</summary>
    public bool Knows(int id) => (uint)id < (uint)_isByte.Length;

    private static void AppendByteLevel(string token, List<byte> bytes)
    {
        int start = bytes.Count;
        foreach (char character in token)
        {
            int value = ByteLevelAlphabet.ToByte(character);
            if (value < 0)
            {
                // A token with a character from outside the alphabet, such as an added token with a space, is plain text.
                bytes.RemoveRange(start, bytes.Count - start);
                bytes.AddRange(Encoding.UTF8.GetBytes(token));
                return;
            }

            bytes.Add((byte)value);
        }
    }

    private static bool TryParseByte(string token, out byte value)
    {
        value = 0;
        return token is ['<', '0', 'x', _, _, '>']
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
