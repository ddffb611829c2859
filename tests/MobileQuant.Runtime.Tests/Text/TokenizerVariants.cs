using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace MobileQuant.Tests.Text;

/// <summary>Small tokenizer.json files, each with one thing that differs from the plain ones.</summary>
internal static class TokenizerVariants
{
    private const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly string[] Merges =
        ["Ġ t", "h e", "Ġt he", "i n", "Ġ in", "' s", "' S", "1 2", "12 3", "Ġ 1", "ð Ł", "Ġ Ġ", "e r", "Ċ Ċ", "h er"];

    private static readonly Dictionary<string, Action<JsonObject>> LlamaEdits = new()
    {
        ["llama"] = _ => { },
        ["llama merges as strings"] = root => root["model"]!["merges"] = new JsonArray(
            [.. root["model"]!["merges"]!.AsArray().Select(m => (JsonNode)$"{m![0]} {m[1]}")]),
        ["llama added tokens"] = AddTokens,
        ["llama metaspace first"] = root => UseMetaspace(root, "first", splits: false),
        ["llama metaspace always"] = root => UseMetaspace(root, "always", splits: true),
        ["llama metaspace never"] = root => UseMetaspace(root, "never", splits: true),
        ["llama unknown apart"] = root => SetModel(root, ("byte_fallback", false), ("fuse_unk", false)),
        ["llama unknown fused"] = root => SetModel(root, ("byte_fallback", false), ("fuse_unk", true)),
        ["llama unknown dropped"] = root => SetModel(root, ("byte_fallback", false), ("unk_token", null)),
        ["llama bytes missing"] = root => RenameBytes(root),
        ["llama pattern replaced"] = root => root["normalizer"] = JsonNode.Parse(
            """{"type":"Sequence","normalizers":[{"type":"Replace","pattern":{"Regex":"\\s+|\\p{Lu}"},"content":"▁$1"},{"type":"Prepend","prepend":"x"}]}"""),
    };

    private static readonly Dictionary<string, string> PreTokenizers = new()
    {
        ["bytes gpt2"] = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""",
        ["bytes prefix space"] = """{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}""",
        ["bytes whole"] = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}""",
        ["bytes digits"] = Sequence("""{"type":"Digits","individual_digits":true}""", useRegex: true),
        ["bytes digit runs"] = Sequence("""{"type":"Digits","individual_digits":false}""", useRegex: true),
        ["bytes llama3"] = Sequence(Split(Llama3, "Isolated")),
        ["bytes removed"] = Sequence(Split(@"\s|\p{Lu}", "Removed")),
        ["bytes kept only"] = Sequence(Split(@"\p{L}+|\p{N}", "Removed", invert: true)),
        ["bytes with previous"] = Sequence(Split(@"\s|\p{Lu}", "MergedWithPrevious")),
        ["bytes with next"] = Sequence(Split(@"\s|\p{Lu}", "MergedWithNext")),
        ["bytes contiguous"] = Sequence(Split(@"\s|\p{Lu}", "Contiguous")),
    };

    public static IEnumerable<string> Names => [.. LlamaEdits.Keys, .. PreTokenizers.Keys];

    public static byte[] Make(string name) =>
        Encoding.UTF8.GetBytes((LlamaEdits.TryGetValue(name, out Action<JsonObject>? edit) ? Llama(edit) : ByteLevel(PreTokenizers[name])).ToJsonString());

    /// <summary>The tokenizer of the embedded default, edited.</summary>
    public static JsonObject Llama(Action<JsonObject> edit)
    {
        JsonObject root = JsonNode.Parse(File.ReadAllBytes(Path.Combine(SharedData.DefaultModel, "tokenizer.json")))!.AsObject();
        edit(root);
        return root;
    }

    /// <summary>A byte-level tokenizer of 256 bytes, a few merges and one special token.</summary>
    public static JsonObject ByteLevel(string preTokenizer)
    {
        JsonObject vocabulary = [];
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
            vocabulary[((char)(printable ? value : next++)).ToString()] = vocabulary.Count;
        }

        foreach (string merge in Merges)
        {
            vocabulary[merge.Replace(" ", string.Empty, StringComparison.Ordinal)] = vocabulary.Count;
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(Token(vocabulary.Count, "<|end|>", special: true)),
            ["normalizer"] = null,
            ["pre_tokenizer"] = JsonNode.Parse(preTokenizer),
            ["post_processor"] = JsonNode.Parse("""{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false}"""),
            ["decoder"] = JsonNode.Parse("""{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true}"""),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. Merges.Select(merge => (JsonNode)merge)]),
            },
        };
    }

    public static JsonObject Token(int id, string content, bool special = false, string flags = "") => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = flags.Contains('w', StringComparison.Ordinal),
        ["lstrip"] = flags.Contains('l', StringComparison.Ordinal),
        ["rstrip"] = flags.Contains('r', StringComparison.Ordinal),
        ["normalized"] = flags.Contains('n', StringComparison.Ordinal),
        ["special"] = special,
    };

    private static void AddTokens(JsonObject root)
    {
        int id = 2048;
        JsonArray tokens = root["added_tokens"]!.AsArray();
        foreach ((string content, string flags) in ((string, string)[])
            [("<l>", "l"), ("<r>", "r"), ("<lr>", "lr"), ("cat", "w"), ("cats", ""), ("dog", "wn"), ("日", "n"), ("a b", ""), ("漢", "lrn")])
        {
            tokens.Add(Token(id++, content, flags: flags));
        }
    }

    private static void UseMetaspace(JsonObject root, string scheme, bool splits)
    {
        root["normalizer"] = null;
        root["pre_tokenizer"] = new JsonObject { ["type"] = "Metaspace", ["replacement"] = "▁", ["prepend_scheme"] = scheme, ["split"] = splits };
    }

    private static void SetModel(JsonObject root, params (string Name, JsonNode? Value)[] members)
    {
        foreach ((string name, JsonNode? value) in members)
        {
            root["model"]![name] = value;
        }
    }

    private static void RenameBytes(JsonObject root)
    {
        SetModel(root, ("fuse_unk", false));
        JsonObject vocabulary = root["model"]!["vocab"]!.AsObject();
        foreach (int value in (int[])[0xE2, 0xC3])
        {
            string token = string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>");
            int id = vocabulary[token]!.GetValue<int>();
            vocabulary.Remove(token);
            vocabulary[$"missing {value}"] = id;
        }
    }

    private static string Split(string pattern, string behavior, bool invert = false) => new JsonObject
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { ["Regex"] = pattern },
        ["behavior"] = behavior,
        ["invert"] = invert,
    }.ToJsonString();

    private static string Sequence(string first, bool useRegex = false) =>
        $$"""{"type":"Sequence","pretokenizers":[{{first}},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":{{(useRegex ? "true" : "false")}}}]}""";
}
