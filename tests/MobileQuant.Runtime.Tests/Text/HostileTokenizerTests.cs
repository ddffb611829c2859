using System.Text;
using System.Text.Json.Nodes;
using MobileQuant.Text;

namespace MobileQuant.Tests.Text;

public sealed class HostileTokenizerTests
{
    private const string Plain = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""";

    public static TheoryData<string, string, string> Refused { get; } = new()
    {
        { "model.type", "\"Unigram\"", "MQ2102" },
        { "model.dropout", "0.1", "MQ2102" },
        { "model.continuing_subword_prefix", "\"##\"", "MQ2102" },
        { "model.end_of_word_suffix", "\"</w>\"", "MQ2102" },
        { "model.new_option", "true", "MQ2102" },
        { "model.vocab", "[]", "MQ2101" },
        { "model.vocab", "{\"a\":0,\"b\":0}", "MQ2103" },
        { "model.vocab", "{\"a\":-1}", "MQ2103" },
        { "model.vocab", "{\"a\":2000000000}", "MQ2103" },
        { "model.vocab", "{\"a\":3000000000}", "MQ2101" },
        { "model.merges", "[\"h e r\"]", "MQ2101" },
        { "model.merges", "[[\"h\"]]", "MQ2101" },
        { "model.merges", "[[\"q\",\"z\"]]", "MQ2103" },
        { "model.unk_token", "\"<none>\"", "MQ2103" },
        { "model", "null", "MQ2101" },
        { "decoder", "null", "MQ2102" },
        { "decoder", "{\"type\":\"WordPiece\"}", "MQ2102" },
        { "decoder", "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":1}]}", "MQ2102" },
        { "normalizer", "{\"type\":\"Precompiled\"}", "MQ2102" },
        { "normalizer", "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":\"x\"}", "MQ2102" },
        { "pre_tokenizer", "{\"type\":\"Punctuation\"}", "MQ2102" },
        { "pre_tokenizer", "{\"type\":\"ByteLevel\",\"future\":1}", "MQ2102" },
        { "pre_tokenizer", "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(\"},\"behavior\":\"Isolated\"}", "MQ2104" },
        { "pre_tokenizer", "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"a++\"},\"behavior\":\"Isolated\"}", "MQ2104" },
        { "pre_tokenizer", "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\w+\"},\"behavior\":\"Isolated\"}", "MQ2104" },
        { "pre_tokenizer", "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"[a-z&&[^b]]\"},\"behavior\":\"Isolated\"}", "MQ2104" },
        { "pre_tokenizer", "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(?m:.)\"},\"behavior\":\"Isolated\"}", "MQ2104" },
        { "pre_tokenizer", "{\"type\":\"Split\",\"pattern\":{\"String\":\"x\"},\"behavior\":\"Sideways\"}", "MQ2102" },
        { "post_processor", "{\"type\":\"BertProcessing\"}", "MQ2102" },
        { "post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[],\"special_tokens\":{}}", "MQ2102" },
        { "added_tokens", "[{\"id\":5,\"content\":\"<new>\"}]", "MQ2103" },
        { "added_tokens", "[{\"id\":900}]", "MQ2101" },
        { "version", "\"2.0\"", "MQ2102" },
        { "unheard_of", "{}", "MQ2102" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_not_supported_is_refused_by_name(string member, string value, string code)
    {
        JsonObject root = TokenizerVariants.ByteLevel(Plain);
        string[] path = member.Split('.');
        (path.Length == 2 ? root[path[0]]!.AsObject() : root)[path[^1]] = JsonNode.Parse(value);

        MobileQuantException error = Assert.Throws<MobileQuantException>(() => TextTokenizer.FromHuggingFace(Bytes(root)));

        Assert.Equal(code, error.Code);
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(path[^1], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_tokenizer_is_MQ2100()
    {
        string folder = Directory.CreateTempSubdirectory("mobilequant-").FullName;
        try
        {
            MobileQuantException error = Assert.Throws<MobileQuantException>(() => TextTokenizer.FromFolder(folder));

            Assert.Equal("MQ2100", error.Code);
            Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_special_token_that_the_vocabulary_lacks_is_MQ2103()
    {
        byte[] json = Bytes(TokenizerVariants.ByteLevel(Plain));

        MobileQuantException error = Assert.Throws<MobileQuantException>(
            () => TextTokenizer.FromHuggingFace(json, Encoding.UTF8.GetBytes("""{"eos_token":"</nowhere>"}""")));

        Assert.Equal("MQ2103", error.Code);
        Assert.Contains("tokenizer_config.json: eos_token", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"model\":{\"vocab\":{\"\\ud800\":0},\"merges\":[]}}")]
    public void What_is_not_such_a_file_is_MQ2101(string json)
    {
        MobileQuantException error = Assert.Throws<MobileQuantException>(() => TextTokenizer.FromHuggingFace(Encoding.UTF8.GetBytes(json)));

        Assert.Equal("MQ2101", error.Code);
    }

    [Fact]
    public void A_truncated_file_gives_one_clear_error()
    {
        byte[] json = Bytes(Small());
        for (int length = 0; length < json.Length; length++)
        {
            Assert.Throws<MobileQuantException>(() => TextTokenizer.FromHuggingFace(json.AsMemory(0, length)));
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void A_mutated_file_reads_or_gives_one_clear_error(int seed)
    {
        byte[] original = Bytes(Small());
        Random random = new(seed);
        int read = 0;
        for (int round = 0; round < 2000; round++)
        {
            byte[] mutated = Mutate(original, random);
            try
            {
                TextTokenizer tokenizer = TextTokenizer.FromHuggingFace(mutated, round % 3 == 0 ? mutated : default);
                _ = tokenizer.Decode(tokenizer.Encode("the her 12 🙂 <|end|> x"));
                read++;
            }
            catch (MobileQuantException)
            {
                // The one kind of exception that may come.
            }
        }

        // Both outcomes must occur, or the mutations test nothing.
        Assert.InRange(read, 20, 1980);
    }

    /// <summary>Every kind of component, in little space.</summary>
    private static JsonObject Small()
    {
        JsonObject root = TokenizerVariants.ByteLevel(
            """{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"Split","pattern":{"Regex":"\\p{L}+|\\s+(?!\\S)"},"behavior":"Isolated","invert":false},{"type":"Metaspace","replacement":"_","prepend_scheme":"first","split":true}]}""");
        JsonObject vocabulary = [];
        foreach (string token in (string[])["<unk>", "<0xF0>", "<0x9F>", "<0x99>", "<0x82>", "_", "t", "h", "e", "r", "1", "2", "he", "her", "the"])
        {
            vocabulary[token] = vocabulary.Count;
        }

        root["model"]!["vocab"] = vocabulary;
        root["model"]!["merges"] = JsonNode.Parse("""["h e",["he","r"],["t","he"]]""");
        root["model"]!["unk_token"] = "<unk>";
        root["model"]!["byte_fallback"] = true;
        root["added_tokens"] = new JsonArray(TokenizerVariants.Token(15, "<|end|>", special: true, "lr"));
        root["normalizer"] = JsonNode.Parse("""{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"_"},{"type":"Replace","pattern":{"String":" "},"content":"_"}]}""");
        root["post_processor"] = JsonNode.Parse(
            """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<|end|>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"<|end|>":{"id":"<|end|>","ids":[15],"tokens":["<|end|>"]}}}""");
        root["decoder"] = JsonNode.Parse(
            """{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"_"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}""");
        return root;
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        List<byte> bytes = [.. original];
        for (int edits = random.Next(1, 4); edits > 0; edits--)
        {
            int at = random.Next(bytes.Count);
            int length = Math.Min(random.Next(1, 30), bytes.Count - at);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
                case 3:
                    bytes[at] = (byte)"0123456789{}[]\",:\\-+*(?"[random.Next(23)];
                    break;
                default:
                    bytes[at] = bytes[random.Next(bytes.Count)];
                    break;
            }
        }

        return [.. bytes];
    }

    private static byte[] Bytes(JsonObject root) => Encoding.UTF8.GetBytes(root.ToJsonString());
}
