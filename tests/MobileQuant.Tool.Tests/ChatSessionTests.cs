namespace MobileQuant.Tool.Tests;

public sealed class ChatSessionTests(DefaultArtifact artifact) : IClassFixture<DefaultArtifact>
{
    private static readonly GenerationOptions Greedy = new() { Temperature = 0, MaxTokens = 16 };

    private static readonly ChatTemplate Template = ChatTemplate.Parse(
        "{% for m in messages %}{{ m.role }} said:\n{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant said:\n{% endif %}");

    [Fact]
    public void A_long_conversation_answers_as_one_that_reads_everything_anew()
    {
        using QuantizedModel model = QuantizedModel.Open(artifact.Path);
        using ChatSession chat = model.CreateChat(new() { Template = Template, SystemMessage = "A story." });
        using GenerationSession fresh = model.CreateSession();
        List<ChatMessage> said = [new("system", "A story.")];
        foreach (string question in (string[])["Hello there", "Where is the dog?", "And the cat?"])
        {
            said.Add(new("user", question));
            string answer = string.Concat(chat.Ask(question, Greedy));

            fresh.Reset();
            int[] prompt = model.Tokenizer!.Encode(Template.Render(said));
            int[] ids = [.. fresh.GenerateTokens(prompt, Greedy)];
            MobileQuant.Text.StreamingDetokenizer stream = model.Tokenizer.CreateStream(prompt);
            Assert.Equal(string.Concat(ids.Select(stream.Push)) + stream.Flush(), answer);
            said.Add(new("assistant", answer));
            Assert.Equal(said, chat.Messages);
            Assert.True(said.Count == 3 || chat.Statistics!.PromptTokens < prompt.Length * 2 / 3, $"{chat.Statistics!.PromptTokens} of {prompt.Length} tokens were read again");
        }
    }

    [Fact]
    public void A_cancelled_answer_stays_as_far_as_it_was_said()
    {
        using QuantizedModel model = QuantizedModel.Open(artifact.Path);
        using ChatSession chat = model.CreateChat(new() { Template = Template });
        using CancellationTokenSource stop = new();
        List<string> pieces = [];
        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (string piece in chat.Ask("Hello there", Greedy, stop.Token))
            {
                pieces.Add(piece);
                if (pieces.Count == 3)
                {
                    stop.Cancel();
                }
            }
        });

        Assert.Equal([new ChatMessage("user", "Hello there"), new ChatMessage("assistant", string.Concat(pieces))], chat.Messages);
        Assert.NotEmpty(string.Concat(chat.Ask("Go on", Greedy)));
        Assert.Equal(4, chat.Messages.Count);

        Assert.Throws<OperationCanceledException>(() => chat.Ask("Never read", Greedy, stop.Token).Count());
        Assert.Equal(4, chat.Messages.Count);
        chat.Reset();
        Assert.Empty(chat.Messages);
        Assert.Equal(string.Concat(pieces), string.Concat(chat.Ask("Hello there", Greedy).Take(3)));
    }

    [Fact]
    public void The_oldest_questions_are_forgotten_when_the_context_is_full()
    {
        using QuantizedModel model = QuantizedModel.Open(artifact.Path);
        using ChatSession chat = model.CreateChat(new() { Template = Template, SystemMessage = "A story." });
        string question = string.Concat(Enumerable.Repeat("The dog ran to the park. ", 10));
        for (int i = 0; i < 8; i++)
        {
            Assert.NotEmpty(chat.Ask(question, Greedy).ToList());
        }

        Assert.True(chat.ForgottenMessages > 0);
        Assert.Equal(new("system", "A story."), chat.Messages[0]);
        Assert.Equal("user", chat.Messages[1].Role);
        Assert.Equal(17, chat.ForgottenMessages + chat.Messages.Count);

        int before = chat.Messages.Count;
        string tooLong = string.Concat(Enumerable.Repeat(question, 20));
        Assert.Equal("MQ2126", Assert.Throws<MobileQuantException>(() => chat.Ask(tooLong, Greedy).Count()).Code);
        Assert.Equal(before, chat.Messages.Count);
        Assert.NotEmpty(chat.Ask("Hello", Greedy));
    }

    [Fact]
    public void One_answer_at_a_time()
    {
        using QuantizedModel model = QuantizedModel.Open(artifact.Path);
        using ChatSession chat = model.CreateChat(new() { Template = Template });
        using (IEnumerator<string> answer = chat.Ask("Hello there", Greedy).GetEnumerator())
        {
            Assert.True(answer.MoveNext());
            Assert.Throws<InvalidOperationException>(() => chat.Ask("And?", Greedy).Count());
            Assert.Throws<InvalidOperationException>(chat.Reset);
        }

        Assert.Equal(2, chat.Messages.Count);
    }
}
