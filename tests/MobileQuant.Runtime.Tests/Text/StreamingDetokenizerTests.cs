using System.Text;
using MobileQuant.Text;

namespace MobileQuant.Tests.Text;

public sealed class StreamingDetokenizerTests
{
    [Theory]
    [InlineData("llama")]
    [InlineData("llama added tokens")]
    [InlineData("bytes gpt2")]
    public void Pushed_text_is_the_decoded_text_for_any_ids(string variant)
    {
        byte[] json = TokenizerVariants.Make(variant);
        TextTokenizer tokenizer = TextTokenizer.FromHuggingFace(json);
        DetokenizerReference reference = new(json);
        Random random = new(7);
        for (int round = 0; round < 2000; round++)
        {
            int[] ids = RandomIds(random, tokenizer.VocabularySize);

            string expected = reference.Decode(ids);

            Assert.Equal(expected, tokenizer.Decode(ids));
            Assert.Equal(expected, PushAll(tokenizer.CreateStream(), ids));
            Assert.Equal(expected, PushAllInto(tokenizer.CreateStream(), ids));
        }
    }

    [Theory]
    [InlineData("llama", "Tom saw a 汉字 and a 🙂👩‍👩‍👧 é")]
    [InlineData("bytes gpt2", "Tom saw a 汉字 and a 🙂👩‍👩‍👧 é")]
    public void No_piece_ends_inside_a_code_point(string variant, string text)
    {
        TextTokenizer tokenizer = TextTokenizer.FromHuggingFace(TokenizerVariants.Make(variant));
        StreamingDetokenizer stream = tokenizer.CreateStream();

        foreach (int id in tokenizer.Encode(text))
        {
            string piece = stream.Push(id);
            Assert.DoesNotContain('\uFFFD', piece);
            Assert.False(piece.Length > 0 && char.IsHighSurrogate(piece[^1]));
        }

        _ = stream.Flush();
    }

    [Fact]
    public void Byte_level_text_comes_as_soon_as_a_code_point_is_complete()
    {
        TextTokenizer tokenizer = TextTokenizer.FromHuggingFace(TokenizerVariants.Make("bytes gpt2"));
        StreamingDetokenizer stream = tokenizer.CreateStream();

        // é is two bytes, 漢 three, each a token of its own.
        string[] pieces = [.. tokenizer.Encode("aé漢").Select(stream.Push)];

        Assert.Equal(["a", "", "é", "", "", "漢"], pieces);
        Assert.Equal("", stream.Flush());
    }

    [Fact]
    public void Flush_gives_what_is_incomplete_and_starts_anew()
    {
        TextTokenizer tokenizer = TextTokenizer.FromHuggingFace(TokenizerVariants.Make("llama"));
        StreamingDetokenizer stream = tokenizer.CreateStream();
        int[] smile = tokenizer.Encode("🙂", addSpecialTokens: false);

        Assert.Equal("", stream.Push(smile[0]));
        Assert.Equal("", stream.Push(smile[1]));
        Assert.Equal("\uFFFD", stream.Flush());
        Assert.Equal("", stream.Push(smile[0]));
        Assert.Equal("", stream.Flush());
    }

    [Fact]
    public void A_stream_after_a_prompt_keeps_the_space_between_them()
    {
        TextTokenizer tokenizer = TextTokenizer.FromFolder(SharedData.DefaultModel);
        int[] prompt = tokenizer.Encode("Once upon");
        int[] all = tokenizer.Encode("Once upon a time");

        Assert.Equal(" a time", PushAll(tokenizer.CreateStream(prompt), all.AsSpan(prompt.Length)));
        Assert.Equal("a time", PushAll(tokenizer.CreateStream(), all.AsSpan(prompt.Length)));
    }

    [Fact]
    public void A_short_destination_takes_no_token()
    {
        TextTokenizer tokenizer = TextTokenizer.FromFolder(SharedData.DefaultModel);
        StreamingDetokenizer stream = tokenizer.CreateStream();
        int[] ids = tokenizer.Encode("little", addSpecialTokens: false);
        char[] text = new char[16];

        Assert.Single(ids);
        Assert.False(stream.TryPush(ids[0], text.AsSpan(0, 3), out int written));
        Assert.Equal(0, written);
        Assert.True(stream.TryPush(ids[0], text, out written));
        Assert.Equal("little", new string(text, 0, written));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("bytes gpt2")]
    public void TryPush_allocates_nothing(string variant)
    {
        TextTokenizer tokenizer = TextTokenizer.FromHuggingFace(TokenizerVariants.Make(variant));
        int[] ids = tokenizer.Encode("Once upon a time there was a 🙂 little girl. ");
        StreamingDetokenizer stream = tokenizer.CreateStream();
        char[] text = new char[64];
        PushRounds(2);

        long before = GC.GetAllocatedBytesForCurrentThread();
        PushRounds(100);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void PushRounds(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                foreach (int id in ids)
                {
                    stream.TryPush(id, text, out _);
                }
            }
        }
    }

    private static int[] RandomIds(Random random, int vocabularySize)
    {
        int[] ids = new int[random.Next(1, 24)];
        for (int i = 0; i < ids.Length; i++)
        {
            // Mostly bytes, so that valid and broken UTF-8 sequences meet; now and then an id that does not exist.
            ids[i] = random.Next(8) == 0 ? random.Next(-2, vocabularySize + 3) : random.Next(0, Math.Min(vocabularySize, 262));
        }

        return ids;
    }

    private static string PushAll(StreamingDetokenizer stream, ReadOnlySpan<int> ids)
    {
        StringBuilder text = new();
        foreach (int id in ids)
        {
            text.Append(stream.Push(id));
        }

        return text.Append(stream.Flush()).ToString();
    }

    private static string PushAllInto(StreamingDetokenizer stream, ReadOnlySpan<int> ids)
    {
        char[] text = new char[4096];
        int length = 0;
        foreach (int id in ids)
        {
            Assert.True(stream.TryPush(id, text.AsSpan(length), out int written));
            length += written;
        }

        Assert.True(stream.TryFlush(text.AsSpan(length), out int rest));
        return new string(text, 0, length + rest);
    }
}
