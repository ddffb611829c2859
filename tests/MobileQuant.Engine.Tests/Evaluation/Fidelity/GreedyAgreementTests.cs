using MobileQuant.Evaluation;
using MobileQuant.Evaluation.Fidelity;
using MobileQuant.Quantization;
using MobileQuant.Tests.Lowering;

namespace MobileQuant.Tests.Evaluation.Fidelity;

public class GreedyAgreementTests
{
    private const int Tokens = 32;

    [Fact]
    public void Continuations_part_where_two_writers_part()
    {
        using LoweredModel model = new(LoweredModel.Request("W4A8", ActivationMode.Static));
        int[] text = model.Integer.Tokenizer!.Encode("Once upon a time, there was a little girl named Lily. She loved to play outside in the sunshine.");
        int[][] prompts = [text[..8], text[8..16]];
        using GenerationSession session = model.Integer.CreateSession();
        int[][] written = [.. prompts.Select(prompt => Write(session, prompt))];

        GreedyAgreement same = GreedyAgreement.Measure(prompts, session, new RuntimeLanguageModel("itself", session));
        Assert.Equal(new(2, Tokens, 2, Tokens), same);

        // A reader that would have gone another way in the sixth token of the second prompt, and agrees again behind it.
        Reader reader = new((ids, i) => !(ids.StartsWith(prompts[1]) && i == 5));
        Assert.Equal(new(2, Tokens, 1, 5), GreedyAgreement.Measure(prompts, session, reader));
        Assert.Equal(prompts.Zip(written, (prompt, rest) => string.Join(' ', prompt.Concat(rest))), reader.Seen);
        Assert.Equal(new(0, 0, 0, 0), GreedyAgreement.Measure([], session, reader));
    }

    private static int[] Write(GenerationSession session, int[] prompt)
    {
        session.Reset();
        return [.. session.GenerateTokens(prompt, new() { MaxTokens = Tokens, Temperature = 0 })];
    }

    private delegate bool Opinion(ReadOnlySpan<int> ids, int score);

    private sealed class Reader(Opinion opinion) : ILanguageModel
    {
        public List<string> Seen { get; } = [];

        public string Name => "reader";

        public int ContextLength => 1000;

        public void Score(ReadOnlySpan<int> ids, Span<TokenScore> scores)
        {
            Seen.Add(string.Join(' ', ids.ToArray()));
            for (int i = 0; i < scores.Length; i++)
            {
                scores[i] = new(-1, opinion(ids, i));
            }
        }
    }
}
