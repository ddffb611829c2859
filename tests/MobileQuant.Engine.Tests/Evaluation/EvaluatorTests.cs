using MobileQuant.Evaluation;

namespace MobileQuant.Tests.Evaluation;

public class EvaluatorTests
{
    [Fact]
    public void Perplexity_scores_every_position_but_the_first_of_whole_windows()
    {
        FakeModel model = new(context: 8, token => -Math.Log(token + 1));
        PerplexityResult result = PerplexityEvaluator.Evaluate(model, "text", [0, 1, 3, 1, 0, 3, 3, 1, 99, 99], window: 4);

        // Windows 0 1 3 1 and 0 3 3 1: probabilities 1/2 1/4 1/2 and 1/4 1/4 1/2.
        Assert.Equal(6, result.Tokens);
        Assert.Equal(Math.Pow(2, 9 / 6.0), result.Perplexity, 12);
        Assert.Equal(["0 1 3 1", "0 3 3 1"], model.Seen);
    }

    [Theory]
    [InlineData(null, 8)]
    [InlineData(5, 5)]
    public void The_window_defaults_to_a_short_context(int? window, int used)
    {
        FakeModel model = new(context: 8, _ => -1);
        Assert.Equal(used, PerplexityEvaluator.Evaluate(model, "text", new int[20], window).Window);
    }

    [Theory]
    [InlineData("MQ3020", 5, 4)]
    [InlineData("MQ3021", 9, 100)]
    [InlineData("MQ3021", 1, 100)]
    public void Perplexity_refuses_impossible_windows(string code, int window, int ids)
    {
        FakeModel model = new(context: 8, _ => -1);
        Assert.Equal(code, Assert.Throws<MobileQuantException>(() => PerplexityEvaluator.Evaluate(model, "text", new int[ids], window)).Code);
    }

    [Theory]
    [InlineData(4, null)]
    [InlineData(4, 4)]
    [InlineData(100, 4)]
    public void WikiText_scores_every_token_once_in_windows_without_overlap(int context, int? window)
    {
        FakeModel model = new(context, token => -token);
        const string Raw = " \n = One = \n \n a b c d e f \n\n = Two = \n \n g \n";
        WordPerplexityResult result = WikitextEvaluator.Evaluate(
            model, "text", Raw, page => page.Contains("One", StringComparison.Ordinal) ? [1, 2, 3, 4, 5, 6] : [7], prefix: 0, window);

        Assert.Equal(4, result.Window);
        Assert.Equal(["0 1 2 3 4", "4 5 6", "0 7"], model.Seen);
        Assert.Equal(2, result.Pages);
        Assert.Equal(7, result.Tokens);
        Assert.Equal(Math.Exp(28.0 / result.Words), result.WordPerplexity, 12);
        Assert.Equal(Math.Exp(4), result.Perplexity, 12);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void WikiText_refuses_impossible_windows(int window)
    {
        FakeModel model = new(context: 4, _ => -1);
        Assert.Equal("MQ3021", Assert.Throws<MobileQuantException>(() => WikitextEvaluator.Evaluate(model, "text", " = One = \n a\n", _ => [1], 0, window)).Code);
    }

    [Fact]
    public void Detokenizing_undoes_WikiText_spacing() => Assert.Equal(
        "It's the dogs' 1,000-mile (or so) walk, 3.5 \"great\" days; really.\n==Part==\nEnd",
        WikitextPages.Detokenize("It 's the dogs ' 1 @,@ 000 @-@ mile ( or so ) walk , 3 @.@ 5 \" great \" days ; really . \n = = Part = = \n End").Replace("== Part ==", "==Part==", StringComparison.Ordinal));

    [Fact]
    public void Last_tokens_are_judged_by_the_end_of_the_line()
    {
        FakeModel model = new(context: 4, _ => -1);
        LastTokenResult result = LastTokenEvaluator.Evaluate(model, "text", [[1, 2, 3], [9], [1, 2, 3, 4, 5, 6], [4, 4]]);
        Assert.Equal(3, result.Tokens);
        Assert.Equal(1.0 / 3, result.Accuracy, 12);
        Assert.Equal(["1 2 3", "3 4 5 6", "4 4"], model.Seen);
    }

    [Fact]
    public void Scores_from_logits_are_log_probabilities()
    {
        float[] logits = [0, MathF.Log(2), MathF.Log(5), 1000 * 0];
        double sum = 1 + 2 + 5 + 1;
        Assert.Equal(Math.Log(2 / sum), TokenScore.FromLogits(logits, 1).LogProbability, 6);
        Assert.True(TokenScore.FromLogits(logits, 2).IsBest);
        Assert.False(TokenScore.FromLogits(logits, 1).IsBest);
        Assert.Equal(0, TokenScore.FromLogits([-30000, 30000], 1).LogProbability);
    }

    /// <summary>Gives every token a fixed log-probability, calls odd tokens the best, and remembers what it was asked.</summary>
    private sealed class FakeModel(int context, Func<int, double> logProbability) : ILanguageModel
    {
        public List<string> Seen { get; } = [];

        public string Name => "fake";

        public int ContextLength => context;

        public void Score(ReadOnlySpan<int> ids, Span<TokenScore> scores)
        {
            Assert.InRange(ids.Length, scores.Length + 1, context + 1);
            Seen.Add(string.Join(' ', ids.ToArray()));
            for (int i = 0; i < scores.Length; i++)
            {
                int token = ids[ids.Length - scores.Length + i];
                scores[i] = new(logProbability(token), token % 2 == 1);
            }
        }
    }
}
