using System.Text;
using System.Text.Json.Nodes;
using MobileQuant.Text;

namespace MobileQuant.Tests.Text;

public sealed class TextTokenizerTests
{
    [Fact]
    public void The_default_model_has_a_tokenizer()
    {
        TextTokenizer tokenizer = TextTokenizer.FromFolder(SharedData.DefaultModel);

        Assert.Equal(2048, tokenizer.VocabularySize);
        Assert.Equal(1, tokenizer.BeginOfTextId);
        Assert.Equal(2, tokenizer.EndOfTextId);
        Assert.True(tokenizer.AddsBeginOfText);
        Assert.Equal([0, 1, 2], tokenizer.SpecialIds.Order());
        Assert.Equal([1, 468, 476, 359, 464], tokenizer.Encode("Once upon a time"));
        Assert.Equal([468, 476, 359, 464], tokenizer.Encode("Once upon a time", addSpecialTokens: false));
        Assert.Equal("Once upon a time", tokenizer.Decode([1, 468, 476, 359, 464]));
        Assert.Equal("<s> Once", tokenizer.Decode([1, 468], skipSpecialTokens: false));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("  leading and trailing  ")]
    [InlineData("line\r\nbreaks\n\n\tand tabs")]
    [InlineData("汉字 かな 한국어 🙂👩‍👩‍👧 e\u0301")]
    public void Any_text_survives_encoding_and_decoding(string text)
    {
        foreach (string variant in (string[])["llama", "bytes gpt2", "bytes llama3", "bytes digits"])
        {
            TextTokenizer tokenizer = TextTokenizer.FromHuggingFace(TokenizerVariants.Make(variant));

            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    [Fact]
    public void An_unpaired_surrogate_is_a_replacement_character()
    {
        TextTokenizer tokenizer = TextTokenizer.FromHuggingFace(TokenizerVariants.Make("bytes gpt2"));

        Assert.Equal(tokenizer.Encode("a\uFFFDb\uFFFD"), tokenizer.Encode("a\uD83Db\uDE42"));
    }

    [Fact]
    public void A_long_text_without_a_pre_tokenizer_is_encoded_in_good_time()
    {
        TextTokenizer tokenizer = TextTokenizer.FromFolder(SharedData.DefaultModel);
        string text = string.Concat(Enumerable.Repeat("Once upon a time there was a little girl. ", 10_000));

        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        int[] ids = tokenizer.Encode(text);

        // A quadratic merge of 420,000 symbols takes minutes; this one took 0.2 s when it was written.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"took {watch.Elapsed}");
        Assert.Equal(text, tokenizer.Decode(ids));
    }

    [Fact]
    public void The_config_decides_about_the_begin_and_end_of_text()
    {
        byte[] json = TokenizerVariants.Make("llama");

        TextTokenizer without = TextTokenizer.FromHuggingFace(json, Config("""{"bos_token":"<s>","eos_token":{"content":"</s>"},"add_bos_token":false}"""));
        TextTokenizer both = TextTokenizer.FromHuggingFace(json, Config("""{"bos_token":"<s>","eos_token":"</s>","add_bos_token":true,"add_eos_token":true}"""));

        Assert.False(without.AddsBeginOfText);
        Assert.Equal([468], without.Encode("Once"));
        Assert.True(both.AddsBeginOfText);
        Assert.Equal([1, 468, 2], both.Encode("Once"));
    }

    [Fact]
    public void Without_a_config_the_template_names_the_begin_of_text()
    {
        TextTokenizer tokenizer = TextTokenizer.FromHuggingFace(TokenizerVariants.Make("llama"));

        Assert.Equal(1, tokenizer.BeginOfTextId);
        Assert.Null(tokenizer.EndOfTextId);
    }

    [Fact]
    public void A_token_that_only_the_config_adds_is_recognised()
    {
        TextTokenizer tokenizer = TextTokenizer.FromHuggingFace(
            TokenizerVariants.Make("bytes gpt2"),
            Config("""{"added_tokens_decoder":{"300":{"content":"<|im_start|>","special":true,"normalized":false}}}"""));

        Assert.Equal(301, tokenizer.VocabularySize);
        Assert.Contains(300, tokenizer.SpecialIds);
        Assert.Equal([300], tokenizer.Encode("<|im_start|>"));
    }

    [Fact]
    public void Several_threads_share_a_tokenizer()
    {
        TextTokenizer tokenizer = TextTokenizer.FromFolder(SharedData.DefaultModel);
        int[] expected = tokenizer.Encode("Once upon a time there was a little girl.");

        Parallel.For(0, 200, _ => Assert.Equal(expected, tokenizer.Encode("Once upon a time there was a little girl.")));
    }

    [Fact]
    public void A_byte_order_mark_is_passed_over()
    {
        byte[] json = TokenizerVariants.Make("bytes gpt2");

        Assert.Equal(272, TextTokenizer.FromHuggingFace((byte[])[0xEF, 0xBB, 0xBF, .. json]).VocabularySize);
    }

    [Fact]
    public void Merges_of_vocabulary_parts_apply_in_their_order()
    {
        JsonObject root = TokenizerVariants.ByteLevel("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}""");
        TextTokenizer tokenizer = TextTokenizer.FromHuggingFace(Encoding.UTF8.GetBytes(root.ToJsonString()));

        // "h e" comes before "e r" and "h er", so "her" is [he, r].
        Assert.Equal(["he", "r"], tokenizer.Encode("her").Select(id => tokenizer.Decode([id])));
    }

    private static byte[] Config(string json) => Encoding.UTF8.GetBytes(json);
}
