using System.Text.Json;
using MobileQuant.Text;

namespace MobileQuant.Tests.Text;

/// <summary>Ids and texts against those that the Hugging Face libraries gave.</summary>
public sealed class GoldenTokenizationTests
{
    public static TheoryData<string, string> Models { get; } = new()
    {
        { "docs-llama-28m", "models/docs-llama-28m" },
        { "stories-llama-2m", "models/stories-llama-2m" },
        { "docs-stablelm-13m", "models/docs-stablelm-13m" },
        { "docs-gemma-10m", "models/docs-gemma-10m" },
        { "SmolLM2-135M-Instruct", "tokenizers/smollm2-49152" },
    };

    [SharedDataTheory]
    [MemberData(nameof(Models))]
    public void Encode_gives_the_reference_ids(string name, string folder)
    {
        TextTokenizer tokenizer = TextTokenizer.FromFolder(SharedData.Path(folder));
        using JsonDocument golden = ReadGolden(name);

        foreach (JsonElement entry in golden.RootElement.GetProperty("tokenization").EnumerateArray())
        {
            Assert.Equal(Ids(entry, "ids"), tokenizer.Encode(entry.GetProperty("text").GetString()!));
        }

        foreach (JsonElement entry in golden.RootElement.GetProperty("greedy").EnumerateArray())
        {
            Assert.Equal(Ids(entry, "prompt_ids"), tokenizer.Encode(entry.GetProperty("prompt").GetString()!));
        }
    }

    [SharedDataTheory]
    [MemberData(nameof(Models))]
    public void Decode_gives_the_reference_texts(string name, string folder)
    {
        TextTokenizer tokenizer = TextTokenizer.FromFolder(SharedData.Path(folder));
        using JsonDocument golden = ReadGolden(name);

        foreach (JsonElement entry in golden.RootElement.GetProperty("tokenization").EnumerateArray())
        {
            Assert.Equal(entry.GetProperty("decoded").GetString(), tokenizer.Decode(Ids(entry, "ids")));
        }

        foreach (JsonElement entry in golden.RootElement.GetProperty("greedy").EnumerateArray())
        {
            Assert.Equal(entry.GetProperty("text").GetString(), tokenizer.Decode(Ids(entry, "new_ids")));
        }
    }

    [SharedDataTheory]
    [MemberData(nameof(Models))]
    public void Held_out_texts_have_as_many_ids_as_in_the_reference(string name, string folder)
    {
        TextTokenizer tokenizer = TextTokenizer.FromFolder(SharedData.Path(folder));
        using JsonDocument golden = ReadGolden(name);

        foreach (IGrouping<string, JsonProperty> text in golden.RootElement.GetProperty("perplexity").EnumerateObject().GroupBy(p => p.Name.Split('@')[0]))
        {
            int[] ids = tokenizer.Encode(File.ReadAllText(SharedData.Path("eval", "heldout", text.Key)));
            Assert.All(text, window => Assert.Equal(window.Value.GetProperty("ids").GetInt32(), ids.Length));
        }
    }

    [SharedDataFact]
    public void A_rendered_chat_has_the_reference_ids()
    {
        TextTokenizer tokenizer = TextTokenizer.FromFolder(SharedData.Path("tokenizers", "smollm2-49152"));
        using JsonDocument golden = ReadGolden("SmolLM2-135M-Instruct");

        foreach (JsonElement chat in golden.RootElement.GetProperty("chat").EnumerateArray())
        {
            Assert.Equal(Ids(chat, "prompt_ids"), tokenizer.Encode(chat.GetProperty("rendered").GetString()!));
            Assert.Equal(chat.GetProperty("text").GetString(), tokenizer.Decode(Ids(chat, "new_ids")));
        }
    }

    [SharedDataTheory]
    [InlineData("models/docs-llama-28m", "eval/calibration/docs_books_train_4MB.txt")]
    [InlineData("models/stories-llama-2m", "eval/heldout/heldout_stories.txt")]
    [InlineData("tokenizers/smollm2-49152", "eval/heldout/heldout_docs.txt")]
    public void A_text_survives_encoding_and_decoding(string folder, string file)
    {
        TextTokenizer tokenizer = TextTokenizer.FromFolder(SharedData.Path(folder));
        string text = File.ReadAllText(SharedData.Path(file));

        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
    }

    [SharedDataFact]
    public void A_third_party_folder_is_read_with_its_config()
    {
        TextTokenizer tokenizer = TextTokenizer.FromFolder(SharedData.Path("models", "TinyStories-656K-llama"));

        Assert.Equal(2048, tokenizer.VocabularySize);
        Assert.Equal(1, tokenizer.BeginOfTextId);
        Assert.Equal(2, tokenizer.EndOfTextId);
        Assert.True(tokenizer.AddsBeginOfText);
        Assert.Equal("Once upon a time", tokenizer.Decode(tokenizer.Encode("Once upon a time")));
    }

    private static int[] Ids(JsonElement entry, string member) => [.. entry.GetProperty(member).EnumerateArray().Select(id => id.GetInt32())];

    private static JsonDocument ReadGolden(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("golden", "trained", name + ".golden.json")));
}
