using System.Buffers.Binary;
using System.Text;
using MobileQuant.Checkpoints.Gguf;
using MobileQuant.Tests.Caching;
using MobileQuant.Text;

namespace MobileQuant.Tests.Checkpoints.Gguf;

/// <summary>Tokenizers of both kinds made from metadata that the tests write, and metadata that make no sense.</summary>
public sealed class GgufTokenizerKindTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Merging by list must choose as merging by score does: against a literal SentencePiece, on the vocabulary of Llama 2.</summary>
    [SharedDataFact]
    public void Scores_as_merges_give_the_ids_of_SentencePiece()
    {
        (string[] tokens, float[] scores, int[] types) = ReadSentencePiece(SharedData.Path("tokenizers/llama2-32000/tokenizer.model"));
        Assert.Equal(32000, tokens.Length);
        TextTokenizer tokenizer = Read(new GgufWriter().Set("tokenizer.ggml.model", "llama").Set("tokenizer.ggml.tokens", tokens).Set("tokenizer.ggml.scores", scores)
            .Set("tokenizer.ggml.token_type", types).Set("tokenizer.ggml.bos_token_id", 1u).Set("tokenizer.ggml.eos_token_id", 2u).Set("tokenizer.ggml.unknown_token_id", 0u));
        Dictionary<string, int> ids = tokens.Select((token, id) => (token, id)).Where(entry => types[entry.id] == 1).ToDictionary(entry => entry.token, entry => entry.id, StringComparer.Ordinal);
        IEnumerable<string> lines = ((string[])["heldout_docs.txt", "heldout_books.txt"])
            .SelectMany(name => File.ReadLines(SharedData.Path("eval/heldout/" + name)).Where(line => line.Length is > 0 and < 300).Take(200))
            .Concat(["  two  spaces ", "汉字 und Grüße 🙂", "\t\ttabs\n\nlines\n", "a", " ", "x = [[i**2 for i in range(10)]];;;;", "▁▁ ▁", "\u0000\u0001"]);
        int count = 0;
        foreach (string line in lines)
        {
            Assert.Equal(Merge("▁" + line.Replace(' ', '▁'), ids, scores), tokenizer.Encode(line, addSpecialTokens: false));
            Assert.Equal(line.Replace('▁', ' '), tokenizer.Decode(tokenizer.Encode(line)));
            count++;
        }

        Assert.True(count > 300);
        Assert.Equal([1, 9038, 2501], tokenizer.Encode("Once upon"));
    }

    [Fact]
    public void Types_decide_what_is_special_and_what_is_added()
    {
        TextTokenizer tokenizer = Read(ByteLevel("gpt-2").Set("tokenizer.ggml.add_bos_token", true).Set("tokenizer.ggml.add_eos_token", true));

        Assert.Equal([4, 2, 3, 6, 0, 6], tokenizer.Encode("ab<u><c>a"));

        // A control token is left out of text, a user defined one is text.
        Assert.Equal("ab<u>a", tokenizer.Decode(tokenizer.Encode("ab<u><c>a")));
        Assert.Equal(new HashSet<int> { 4, 6 }, tokenizer.SpecialIds);
    }

    [Theory]
    [InlineData("kind", "MQ2110", "tokenizer kind 'bert'")]
    [InlineData("splitter", "MQ2110", "gpt-2, llama-bpe, qwen2, smollm")]
    [InlineData("default splitter", "MQ2110", "'default'")]
    [InlineData("no splitter", "MQ2110", "tokenizer.ggml.pre")]
    [InlineData("types", "MQ2111", "token_type")]
    [InlineData("type", "MQ2111", "the type 9")]
    [InlineData("twice", "MQ2111", "'a' twice")]
    [InlineData("id", "MQ2111", "bos_token_id")]
    [InlineData("merge", "MQ2111", "'z'")]
    [InlineData("merge form", "MQ2111", "not two tokens")]
    [InlineData("no merges", "MQ2111", "merges")]
    [InlineData("no tokens", "MQ2111", "tokens")]
    [InlineData("score", "MQ2111", "NaN")]
    [InlineData("scores", "MQ2111", "scores")]
    [InlineData("no scores", "MQ2111", "scores")]
    public void Metadata_that_make_no_sense_are_one_error(string fault, string code, string says)
    {
        GgufWriter writer = ByteLevel("gpt-2");
        _ = fault switch
        {
            "kind" => writer.Set("tokenizer.ggml.model", "bert"),
            "splitter" => writer.Set("tokenizer.ggml.pre", "other"),
            "default splitter" => writer.Set("tokenizer.ggml.pre", "default"),
            "no splitter" => writer.Remove("tokenizer.ggml.pre"),
            "types" => writer.Set("tokenizer.ggml.token_type", new[] { 1, 1 }),
            "type" => writer.Set("tokenizer.ggml.token_type", new[] { 1, 1, 1, 4, 3, 9, 3 }),
            "twice" => writer.Set("tokenizer.ggml.tokens", new[] { "a", "b", "ab", "<u>", "<s>", "a", "<c>" }),
            "id" => writer.Set("tokenizer.ggml.bos_token_id", 7u),
            "merge" => writer.Set("tokenizer.ggml.merges", new[] { "a z" }),
            "merge form" => writer.Set("tokenizer.ggml.merges", new[] { "a b c" }),
            "no merges" => writer.Remove("tokenizer.ggml.merges"),
            "no tokens" => writer.Remove("tokenizer.ggml.tokens"),
            "score" => writer.Set("tokenizer.ggml.model", "llama").Set("tokenizer.ggml.scores", new[] { 0, 0, float.NaN, 0, 0, 0, 0 }),
            "scores" => writer.Set("tokenizer.ggml.model", "llama").Set("tokenizer.ggml.scores", new[] { 0f }),
            _ => writer.Set("tokenizer.ggml.model", "llama"),
        };

        MobileQuantException error = Assert.Throws<MobileQuantException>(() => Read(writer));

        Assert.Equal(code, error.Code);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    private static GgufWriter ByteLevel(string splitter) => new GgufWriter()
        .Set("tokenizer.ggml.model", "gpt2").Set("tokenizer.ggml.pre", splitter)
        .Set("tokenizer.ggml.tokens", new[] { "a", "b", "ab", "<u>", "<s>", "x", "<c>" })
        .Set("tokenizer.ggml.token_type", new[] { 1, 1, 1, 4, 3, 1, 3 })
        .Set("tokenizer.ggml.merges", new[] { "a b" })
        .Set("tokenizer.ggml.bos_token_id", 4u).Set("tokenizer.ggml.eos_token_id", 6u);

    private TextTokenizer Read(GgufWriter writer)
    {
        using GgufFile file = GgufFile.Open(writer.Save(_folder["tokenizer.gguf"]));
        return TextTokenizer.FromFiles(GgufTokenizer.Read(file.Metadata)!);
    }

    /// <summary>SentencePiece's encoder, literally: of all neighbours that together are a piece, merge the one of the highest score, the leftmost of equals.</summary>
    private static int[] Merge(string text, Dictionary<string, int> ids, float[] scores)
    {
        List<string> symbols = [.. text.EnumerateRunes().Select(rune => rune.ToString())];
        while (true)
        {
            int best = -1;
            float score = float.NegativeInfinity;
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                if (ids.TryGetValue(symbols[i] + symbols[i + 1], out int id) && scores[id] > score)
                {
                    (best, score) = (i, scores[id]);
                }
            }

            if (best < 0)
            {
                // Pieces of bytes are 3 to 258.
                return [.. symbols.SelectMany(symbol => ids.TryGetValue(symbol, out int id) ? (IEnumerable<int>)[id] : Encoding.UTF8.GetBytes(symbol).Select(value => value + 3))];
            }

            symbols[best] += symbols[best + 1];
            symbols.RemoveAt(best + 1);
        }
    }

    /// <summary>The pieces of a SentencePiece model: field 1 of a protobuf message, each with text (1), score (2) and type (3).</summary>
    private static (string[] Tokens, float[] Scores, int[] Types) ReadSentencePiece(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        List<(string Token, float Score, int Type)> pieces = [];
        for (int at = 0; at < bytes.Length && bytes[at] == 0x0A;)
        {
            at++;
            int end = ReadVarint(bytes, ref at);
            end += at;
            (string token, float score, int type) = ("", 0f, 1);
            while (at < end)
            {
                switch (bytes[at++])
                {
                    case 0x0A:
                        int length = ReadVarint(bytes, ref at);
                        token = Encoding.UTF8.GetString(bytes, at, length);
                        at += length;
                        break;
                    case 0x15:
                        score = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(at));
                        at += 4;
                        break;
                    default:
                        type = ReadVarint(bytes, ref at);
                        break;
                }
            }

            pieces.Add((token, score, type));
        }

        return ([.. pieces.Select(piece => piece.Token)], [.. pieces.Select(piece => piece.Score)], [.. pieces.Select(piece => piece.Type)]);
    }

    private static int ReadVarint(byte[] bytes, ref int at)
    {
        int value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte part = bytes[at++];
            value |= (part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }
}
