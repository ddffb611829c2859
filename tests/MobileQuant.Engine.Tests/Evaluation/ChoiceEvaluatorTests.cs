using MobileQuant.Evaluation;
using MobileQuant.Text;

namespace MobileQuant.Tests.Evaluation;

public class ChoiceEvaluatorTests
{
    // A token is a character: 'a' has probability 1/2, 'b' 1/4, 'c' 1/8 and so on, whatever comes before.
    private static readonly double[] LogProbabilities = [.. Enumerable.Range(1, 26).Select(power => power * -Math.Log(2))];

    [Fact]
    public void Sums_decide_acc_and_sums_per_character_decide_acc_norm()
    {
        // aaa: -3 ln 2, -1 per character; b: -2 ln 2, -2 per character.
        ChoiceQuestion[] questions = [new("c", ["aaa", "b"], 0), new("c", ["aaa", "b"], 1), new("c", ["d", "c", "e"], 1)];
        ChoiceResult result = ChoiceEvaluator.Evaluate(new LetterModel(16), "questions", questions, Encode);

        Assert.Equal(3, result.Questions);
        Assert.Equal(4 + 4 + 3, result.Tokens);
        Assert.Equal(2.0 / 3, result.Accuracy, 12);
        Assert.Equal(2.0 / 3, result.NormalizedAccuracy, 12);
        Assert.Equal(0.5, ChoiceEvaluator.Evaluate(new LetterModel(16), "questions", questions[..2], Encode).Accuracy);

        // The same text would win either way only if it were right either way.
        Assert.Equal(0, ChoiceEvaluator.Evaluate(new LetterModel(16), "questions", questions[..1], Encode).Accuracy);
        Assert.Equal(1, ChoiceEvaluator.Evaluate(new LetterModel(16), "questions", questions[..1], Encode).NormalizedAccuracy);
    }

    [Fact]
    public void Characters_are_counted_as_unicode_scalars()
    {
        // Two emoji, four UTF-16 units, and one letter: -8/2 per character loses against -3/1, and would win with -8/4.
        Func<string, string, ChoiceTokens> encode = (_, choice) => choice == "b" ? new([0, 2], 1) : new([0, 3, 3], 2);
        ChoiceResult result = ChoiceEvaluator.Evaluate(new LetterModel(16), "questions", [new("", ["\U0001F600\U0001F600", "b"], 1)], encode);
        Assert.Equal(1, result.NormalizedAccuracy);
    }

    [Fact]
    public void Of_equal_answers_the_first_counts()
    {
        ChoiceQuestion[] questions = [new("c", ["a", "a"], 0), new("c", ["a", "a"], 1)];
        Assert.Equal(0.5, ChoiceEvaluator.Evaluate(new LetterModel(16), "questions", questions, Encode).Accuracy);
    }

    [Fact]
    public void Of_a_long_context_the_end_is_used_and_an_answer_is_never_cut()
    {
        LetterModel model = new(context: 4);
        ChoiceEvaluator.Evaluate(model, "questions", [new("abcdef", ["gh", "a"], 0)], Encode);
        Assert.Equal(["defgh/2", "cdefa/1"], model.Seen);

        MobileQuantException error = Assert.Throws<MobileQuantException>(() => ChoiceEvaluator.Evaluate(model, "q.jsonl", [new("a", ["b", "abcde"], 0)], Encode));
        Assert.Equal("MQ3040", error.Code);
        Assert.Contains("question 1, choice 1", error.Message, StringComparison.Ordinal);
        Assert.Equal("MQ3020", Assert.Throws<MobileQuantException>(() => ChoiceEvaluator.Evaluate(model, "q.jsonl", [], Encode)).Code);
    }

    [Theory]
    [InlineData("Is it?", "Yes", "Is it? Yes", 4)]
    [InlineData("Is it? ", "Yes", "Is it? Yes", 4)]
    [InlineData("Is it?", " Yes", "Is it? Yes", 4)]
    [InlineData("Is it?\n", "Yes", "Is it?\nYes", 4)]
    [InlineData("", "Yes", "#Yes", 3)]
    public void Context_and_answer_are_one_text(string context, string choice, string whole, int scored)
    {
        ChoiceTokens tokens = ChoiceTokens.Encode(context, choice, Characters, begin: null, prefix: '#');
        Assert.Equal(whole, string.Concat(tokens.Ids.Select(id => (char)id)));
        Assert.Equal(scored, tokens.Scored);
        Assert.Equal('^' + whole.TrimStart('#'), string.Concat(ChoiceTokens.Encode(context, choice, Characters, begin: '^', prefix: '#').Ids.Select(id => (char)id)));
    }

    [Fact]
    public void An_answer_that_grows_together_with_its_context_keeps_a_token()
    {
        ChoiceTokens tokens = ChoiceTokens.Encode("ab", "c", text => [text.Length], begin: null, prefix: 9);
        Assert.Equal([9, 4], tokens.Ids);
        Assert.Equal(1, tokens.Scored);
        Assert.Equal("MQ1010", Assert.Throws<MobileQuantException>(() => ChoiceTokens.Encode("", "c", Characters, null, null)).Code);
        Assert.Equal("MQ1012", Assert.Throws<MobileQuantException>(() => ChoiceTokens.Encode("", "c", _ => [], 1, null)).Code);
    }

    [Fact]
    public void The_tokenizer_begins_texts_as_it_always_does()
    {
        TextTokenizer tokenizer = TextTokenizer.FromFolder(SharedData.DefaultModel);
        ChoiceTokens tokens = ChoiceEvaluator.EncodeWith(tokenizer)("Once upon a", "time there was");
        Assert.Equal(tokenizer.Encode("Once upon a time there was"), tokens.Ids);
        Assert.Equal("time there was", tokenizer.Decode(tokens.Ids.AsSpan(tokens.Ids.Length - tokens.Scored)).TrimStart());
    }

    private static int[] Characters(string text) => [.. text.Select(character => (int)character)];

    private static ChoiceTokens Encode(string context, string choice) => new([.. (context + choice).Select(character => character - 'a')], choice.Length);

    /// <summary>Gives every token its fixed probability and remembers what it was asked.</summary>
    private sealed class LetterModel(int context) : ILanguageModel
    {
        public List<string> Seen { get; } = [];

        public string Name => "letters";

        public int ContextLength => context;

        public void Score(ReadOnlySpan<int> ids, Span<TokenScore> scores)
        {
            Assert.InRange(ids.Length, scores.Length + 1, context + 1);
            Seen.Add($"{string.Concat(ids.ToArray().Select(id => (char)('a' + id)))}/{scores.Length}");
            for (int i = 0; i < scores.Length; i++)
            {
                scores[i] = new(LogProbabilities[ids[ids.Length - scores.Length + i]], false);
            }
        }
    }
}
