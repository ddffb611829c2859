using System.Text;
using System.Text.Json;

namespace MobileQuant.Tests.Text;

/// <summary>Decoding as the tokenizers library words it: whole lists of token strings, stage after stage. Slow, and apart from the product's code.</summary>
internal sealed class DetokenizerReference
{
    private readonly Dictionary<int, string> _tokens;
    private readonly HashSet<int> _special;
    private readonly bool _isByteLevel;

    public DetokenizerReference(ReadOnlyMemory<byte> tokenizerJson)
    {
        using JsonDocument document = JsonDocument.Parse(tokenizerJson);
        JsonElement root = document.RootElement;
        _tokens = root.GetProperty("model").GetProperty("vocab").EnumerateObject().ToDictionary(p => p.Value.GetInt32(), p => p.Name);
        JsonElement[] added = [.. root.GetProperty("added_tokens").EnumerateArray()];
        foreach (JsonElement token in added)
        {
            _tokens[token.GetProperty("id").GetInt32()] = token.GetProperty("content").GetString()!;
        }

        _special = [.. added.Where(token => token.GetProperty("special").GetBoolean()).Select(token => token.GetProperty("id").GetInt32())];
        _isByteLevel = root.GetProperty("decoder").GetProperty("type").GetString() == "ByteLevel";
    }

    public string Decode(IEnumerable<int> ids)
    {
        List<string> tokens = [.. ids.Where(id => _tokens.ContainsKey(id) && !_special.Contains(id)).Select(id => _tokens[id])];
        return _isByteLevel ? DecodeByteLevel(tokens) : DecodeWithFallback(tokens);
    }

    private static string DecodeByteLevel(List<string> tokens)
    {
        Dictionary<char, byte> bytes = [];
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
            bytes[(char)(printable ? value : next++)] = (byte)value;
        }

        IEnumerable<byte> all = tokens.SelectMany(token => token.All(bytes.ContainsKey) ? [.. token.Select(c => bytes[c])] : Encoding.UTF8.GetBytes(token));
        return Encoding.UTF8.GetString([.. all]);
    }

    private static string DecodeWithFallback(List<string> tokens)
    {
        StringBuilder text = new();
        List<byte> run = [];
        foreach (string token in tokens.Select(token => token.Replace('▁', ' ')).Append(string.Empty))
        {
            if (token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>')
            {
                run.Add(Convert.ToByte(token[3..5], 16));
                continue;
            }

            try
            {
                text.Append(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. run]));
            }
            catch (DecoderFallbackException)
            {
                text.Append('\uFFFD', run.Count);
            }

            run.Clear();
            text.Append(token);
        }

        return text.Length > 0 && text[0] == ' ' ? text.ToString(1, text.Length - 1) : text.ToString();
    }
}
