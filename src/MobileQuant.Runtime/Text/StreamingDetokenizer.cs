using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace MobileQuant.Text;

/// <summary>
/// Turns token ids into text one by one, as they are generated. The pieces put together, with what <see cref="Flush"/> gives at the end,
/// are exactly what <see cref="TextTokenizer.Decode"/> gives for all the ids. A piece never ends inside a code point.
/// For one generation at a time; not safe for use by several threads at once.
/// </summary>
/// <remarks>
/// A byte-level tokenizer holds back at most the three bytes of an incomplete code point. A tokenizer with byte fallback holds back a run
/// of byte tokens until the next other token, because the run is one text if it is valid UTF-8 as a whole and replacement characters if not.
/// </remarks>
public sealed class StreamingDetokenizer
{
    private const char Replacement = '\uFFFD';

    private readonly TokenDecoder _decoder;
    private readonly IReadOnlySet<int>? _skipped;
    private byte[] _pending = new byte[64];
    private int _pendingCount;
    private int _toStrip;
    private char[] _text = new char[64];

    internal StreamingDetokenizer(TokenDecoder decoder, IReadOnlySet<int>? skipped)
    {
        _decoder = decoder;
        _skipped = skipped;
        _toStrip = decoder.StrippedCount;
    }

    /// <summary>Takes a token and returns the text that it completes, often empty.</summary>
    /// <param name="id">A token id; one that the vocabulary does not have is passed over.</param>
    /// <returns>The text.</returns>
    public string Push(int id)
    {
        int written;
        while (!TryPush(id, _text, out written))
        {
            _text = new char[_text.Length * 2];
        }

        return new string(_text, 0, written);
    }

    /// <summary>Takes a token and writes the text that it completes, without allocating.</summary>
    /// <param name="id">A token id; one that the vocabulary does not have is passed over.</param>
    /// <param name="destination">Receives the text, in UTF-16.</param>
    /// <param name="written">Characters written.</param>
    /// <returns>False when <paramref name="destination"/> is too short; then the token was not taken: offer it again with a longer one.</returns>
    public bool TryPush(int id, Span<char> destination, out int written)
    {
        written = 0;
        if (!_decoder.Knows(id) || (_skipped is not null && _skipped.Contains(id)))
        {
            return true;
        }

        ReadOnlySpan<byte> bytes = _decoder.BytesOf(id);
        return _decoder.IsByteLevel ? TryPushBytes(bytes, destination, out written)
            : _decoder.IsByte(id) ? Hold(bytes)
            : TryPushText(bytes, destination, out written);
    }

    /// <summary>Ends the text: returns what is held back, incomplete code points as U+FFFD, and starts anew.</summary>
    /// <returns>The rest of the text, mostly empty.</returns>
    public string Flush()
    {
        int written;
        while (!TryFlush(_text, out written))
        {
            _text = new char[_text.Length * 2];
        }

        return new string(_text, 0, written);
    }

    /// <summary>Ends the text as <see cref="Flush"/> does, without allocating.</summary>
    /// <param name="destination">Receives the text, in UTF-16.</param>
    /// <param name="written">Characters written.</param>
    /// <returns>False when <paramref name="destination"/> is too short; then nothing has changed.</returns>
    public bool TryFlush(Span<char> destination, out int written)
    {
        written = 0;
        int length = PendingLength();
        if (length > destination.Length)
        {
            return false;
        }

        WritePending(destination);
        written = Strip(destination[..length]);
        Reset();
        return true;
    }

    /// <summary>Forgets what was pushed and starts a new text.</summary>
    public void Reset()
    {
        _pendingCount = 0;
        _toStrip = _decoder.StrippedCount;
    }

    /// <summary>How many of the last bytes may be the start of a code point whose rest is yet to come.</summary>
    private static int IncompleteLength(ReadOnlySpan<byte> utf8)
    {
        for (int length = 1; length <= Math.Min(3, utf8.Length); length++)
        {
            if (Rune.DecodeFromUtf8(utf8[^length..], out _, out _) == OperationStatus.NeedMoreData)
            {
                return length;
            }
        }

        return 0;
    }

    private bool TryPushBytes(ReadOnlySpan<byte> bytes, Span<char> destination, out int written)
    {
        written = 0;
        int before = _pendingCount;
        Hold(bytes);
        ReadOnlySpan<byte> pending = _pending.AsSpan(0, _pendingCount);
        int incomplete = IncompleteLength(pending);
        ReadOnlySpan<byte> complete = pending[..^incomplete];
        if (!Encoding.UTF8.TryGetChars(complete, destination, out int decoded))
        {
            _pendingCount = before;
            return false;
        }

        pending[^incomplete..].CopyTo(_pending);
        _pendingCount = incomplete;
        written = Strip(destination[..decoded]);
        return true;
    }

    private bool TryPushText(ReadOnlySpan<byte> text, Span<char> destination, out int written)
    {
        written = 0;
        int held = PendingLength();
        if (held > destination.Length || !Encoding.UTF8.TryGetChars(text, destination[held..], out int decoded))
        {
            return false;
        }

        WritePending(destination);
        _pendingCount = 0;
        written = Strip(destination[..(held + decoded)]);
        return true;
    }

    private bool Hold(ReadOnlySpan<byte> bytes)
    {
        if (_pendingCount + bytes.Length > _pending.Length)
        {
            Array.Resize(ref _pending, Math.Max(_pending.Length * 2, _pendingCount + bytes.Length));
        }

        bytes.CopyTo(_pending.AsSpan(_pendingCount));
        _pendingCount += bytes.Length;
        return true;
    }

    private int PendingLength()
    {
        ReadOnlySpan<byte> pending = _pending.AsSpan(0, _pendingCount);
        return IsReplacedByteForByte(pending) ? pending.Length : Encoding.UTF8.GetCharCount(pending);
    }

    private void WritePending(Span<char> destination)
    {
        ReadOnlySpan<byte> pending = _pending.AsSpan(0, _pendingCount);
        if (IsReplacedByteForByte(pending))
        {
            destination[..pending.Length].Fill(Replacement);
        }
        else
        {
            Encoding.UTF8.GetChars(pending, destination);
        }
    }

    private bool IsReplacedByteForByte(ReadOnlySpan<byte> run) => !_decoder.IsByteLevel && !Utf8.IsValid(run);

    /// <summary>Removes what is stripped from the start of a text, as long as this is the start.</summary>
    /// <returns>The characters that remain at the start of <paramref name="text"/>.</returns>
    private int Strip(Span<char> text)
    {
        int count = 0;
        while (_toStrip > 0 && count < text.Length)
        {
            if (text[count] == _decoder.StrippedCharacter)
            {
                count++;
                _toStrip--;
            }
            else
            {
                _toStrip = 0;
            }
        }

        text[count..].CopyTo(text);
        return text.Length - count;
    }
}
