using System.Buffers;
using System.Text;

namespace MobileQuant.Text;

/// <summary>Encodes the pieces of one text, remembering the words that it has met.</summary>
internal sealed class PieceEncoder(BpeModel model, bool isByteLevel, List<int> ids)
{
    // Words repeat, long pieces do not; the bounds keep a hostile text from filling memory.
    private const int LongestRemembered = 64;
    private const int MostRemembered = 1 << 17;

    private readonly BpeWord _symbols = new();
    private readonly Dictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _words =
        new Dictionary<string, int[]>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    public void Encode(ReadOnlySpan<char> piece)
    {
        if (piece.Length > LongestRemembered)
        {
            EncodeAnew(piece);
            return;
        }

        if (_words.TryGetValue(piece, out int[]? known))
        {
            ids.AddRange(known);
            return;
        }

        int start = ids.Count;
        EncodeAnew(piece);
        if (_words.Dictionary.Count < MostRemembered)
        {
            _words[piece] = [.. ids[start..]];
        }
    }

    private void EncodeAnew(ReadOnlySpan<char> piece)
    {
        if (!isByteLevel)
        {
            model.Encode(piece, _symbols, ids);
            return;
        }

        // A UTF-16 unit takes at most three bytes of UTF-8.
        byte[] utf8 = ArrayPool<byte>.Shared.Rent(piece.Length * 3);
        int length = Encoding.UTF8.GetBytes(piece, utf8);
        char[] characters = ArrayPool<char>.Shared.Rent(length);
        for (int i = 0; i < length; i++)
        {
            characters[i] = ByteLevelAlphabet.ToCharacter(utf8[i]);
        }

        model.Encode(characters.AsSpan(0, length), _symbols, ids);
        ArrayPool<byte>.Shared.Return(utf8);
        ArrayPool<char>.Shared.Return(characters);
    }
}
