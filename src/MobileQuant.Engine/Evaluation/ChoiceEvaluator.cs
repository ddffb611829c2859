using MobileQuant.Text;

namespace MobileQuant.Evaluation;

/// <summary>
/// Multiple choice by log-likelihood, as the Language Model Evaluation Harness scores it: an answer's log-likelihood is the sum over
/// its tokens, each given the context and the tokens before it; acc takes the answer of the greatest sum, acc_norm that of the
/// greatest sum per character. Of equal ones the first counts.
/// </summary>
public static class ChoiceEvaluator
{
    /// <summary>Evaluates questions.</summary>
    /// <param name="model">The model.</param>
    /// <param name="text">The file's name, for the result and errors.</param>
    /// <param name="questions">The questions.</param>
    /// <param name="encode">Context and answer to tokens.</param>
    /// <param name="progress">Told in questions, as step <c>evaluate</c>.</param>
    /// <param name="cancellationToken">Stops between answers.</param>
    /// <returns>The result.</returns>
    /// <exception cref="MobileQuantException">MQ3020: there is no question; MQ3040: an answer does not fit the context.</exception>
    public static ChoiceResult Evaluate(
        ILanguageModel model,
        string text,
        IReadOnlyList<ChoiceQuestion> questions,
        Func<string, string, ChoiceTokens> encode,
        IProgress<QuantizationEvent>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(questions);
        ArgumentNullException.ThrowIfNull(encode);
        if (questions.Count == 0)
        {
            throw new MobileQuantException("MQ3020", $"{text} has no question.", "Use a .jsonl file with context, choices and answer in each line.");
        }

        long tokens = 0;
        int right = 0;
        int rightNormalized = 0;
        for (int i = 0; i < questions.Count; i++)
        {
            ChoiceQuestion question = questions[i];
            double[] sums = new double[question.Choices.Count];
            double[] means = new double[question.Choices.Count];
            for (int choice = 0; choice < sums.Length; choice++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                ChoiceTokens encoded = encode(question.Context, question.Choices[choice]);
                tokens += encoded.Scored;
                sums[choice] = Score(model, encoded, $"{text}, question {i + 1}, choice {choice}");
                means[choice] = sums[choice] / CountCharacters(question.Choices[choice]);
            }

            right += IndexOfGreatest(sums) == question.Answer ? 1 : 0;
            rightNormalized += IndexOfGreatest(means) == question.Answer ? 1 : 0;
            progress?.Report(new QuantizationEvent.Progress("evaluate", $"questions of {text}", i + 1, questions.Count));
        }

        return new(model.Name, text, questions.Count, tokens, (double)right / questions.Count, (double)rightNormalized / questions.Count);
    }

    /// <summary>Encodes with a model's tokenizer.</summary>
    /// <param name="tokenizer">The tokenizer. A token that begins a text is put first where it says so.</param>
    /// <returns>For <see cref="Evaluate"/>.</returns>
    public static Func<string, string, ChoiceTokens> EncodeWith(TextTokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return (context, choice) => ChoiceTokens.Encode(
            context,
            choice,
            part => tokenizer.Encode(part, addSpecialTokens: false),
            tokenizer.AddsBeginOfText ? tokenizer.BeginOfTextId : null,
            tokenizer.EndOfTextId ?? tokenizer.BeginOfTextId);
    }

    private static double Score(ILanguageModel model, ChoiceTokens encoded, string place)
    {
        if (encoded.Scored > model.ContextLength)
        {
            throw new MobileQuantException("MQ3040", $"{place}: {encoded.Scored} tokens do not fit {model.Name}, whose context is {model.ContextLength}.", "Shorten the choice; of a long context the end is used.");
        }

        TokenScore[] scores = new TokenScore[encoded.Scored];
        model.Score(encoded.Ids.AsSpan(Math.Max(0, encoded.Ids.Length - model.ContextLength - 1)), scores);
        double sum = 0;
        foreach (TokenScore score in scores)
        {
            sum += score.LogProbability;
        }

        return sum;
    }

    /// <summary>Unicode scalar values: what the harness counts.</summary>
    private static int CountCharacters(string choice) => choice.EnumerateRunes().Count();

    private static int IndexOfGreatest(double[] values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            best = values[i] > values[best] ? i : best;
        }

        return best;
    }
}
