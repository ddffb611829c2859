using System.Text.Json;
using MobileQuant.Checkpoints;
using MobileQuant.Text;

namespace MobileQuant.Tests.Checkpoints.Gguf;

/// <summary>The tokenizer out of a GGUF file against the reference ids, and against the same tokenizer in Hugging Face form.</summary>
public sealed class GgufTokenizerTests
{
    private const string Model = "models/SmolLM2-135M-Instruct/SmolLM2-135M-Instruct.Q4_1.gguf";

    [SharedDataFact]
    public void Ids_and_texts_equal_the_reference()
    {
        TextTokenizer tokenizer = FromGguf();
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("golden/trained/SmolLM2-135M-Instruct.golden.json")));
        foreach (JsonElement entry in golden.RootElement.GetProperty("tokenization").EnumerateArray())
        {
            Assert.Equal(Ids(entry, "ids"), tokenizer.Encode(entry.GetProperty("text").GetString()!));
            Assert.Equal(entry.GetProperty("decoded").GetString(), tokenizer.Decode(Ids(entry, "ids")));
        }

        foreach (JsonElement chat in golden.RootElement.GetProperty("chat").EnumerateArray())
        {
            Assert.Equal(Ids(chat, "prompt_ids"), tokenizer.Encode(chat.GetProperty("rendered").GetString()!));
        }
    }

    [SharedDataFact]
    public void Held_out_texts_have_the_ids_of_the_Hugging_Face_form()
    {
        TextTokenizer expected = TextTokenizer.FromFolder(SharedData.Path("tokenizers/smollm2-49152"));
        TextTokenizer actual = FromGguf();
        foreach (string name in (string[])["heldout_docs.txt", "heldout_books.txt", "heldout_stories.txt"])
        {
            string text = File.ReadAllText(SharedData.Path("eval/heldout/" + name));
            Assert.Equal(expected.Encode(text), actual.Encode(text));
        }
    }

    [SharedDataFact]
    public void Its_chat_template_writes_the_reference_chats()
    {
        using ICheckpoint checkpoint = CheckpointReader.Open(SharedData.Path(Model));
        ChatTemplate template = ChatTemplate.FromFiles(checkpoint.ReadTokenizer()!)!;
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("golden/trained/SmolLM2-135M-Instruct.golden.json")));
        JsonElement[] chats = [.. golden.RootElement.GetProperty("chat").EnumerateArray()];
        Assert.Equal(3, chats.Length);
        foreach (JsonElement chat in chats)
        {
            ChatMessage[] messages = [.. chat.GetProperty("messages").EnumerateArray().Select(message => new ChatMessage(message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!))];
            Assert.Equal(chat.GetProperty("rendered").GetString(), template.Render(messages));
        }

        Assert.Equal([2], ChatEnds.Find(FromGguf(), template, null));
    }

    private static TextTokenizer FromGguf()
    {
        using ICheckpoint checkpoint = CheckpointReader.Open(SharedData.Path(Model));
        return TextTokenizer.FromFiles(checkpoint.ReadTokenizer()!);
    }

    private static int[] Ids(JsonElement entry, string name) => [.. entry.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}
