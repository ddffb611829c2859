using System.Globalization;
using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Text;

namespace MobileQuant.Sensitivity;

/// <summary>
/// Looks for tokens that take massive activations upon themselves: a model of this kind puts them on the first position, where a
/// stored prefix then is. Its price, that the text stands behind tokens that it did not ask for, is in the loss too.
/// </summary>
internal static class PrefixSearch
{
    /// <summary>A prefix pays when it takes this share of the loss away; less is not worth its positions.</summary>
    private const double LeastGain = 0.05;

    private const int LossWindows = 4;
    private const int RangeWindows = 8;
    private const int LossStride = 2;
    private const int MostCandidates = 6;

    /// <summary>Searches, and when something pays, runs the recipe again behind it.</summary>
    /// <param name="context">The recipe's.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="outcome">What it made without a prefix.</param>
    /// <param name="tokenizer">Knows special tokens; may be null.</param>
    /// <returns>Context and outcome that belong to the model, which carries the prefix now.</returns>
    public static (RecipeContext Context, RecipeOutcome Outcome) Run(RecipeContext context, IRecipe recipe, RecipeOutcome outcome, TextTokenizer? tokenizer)
    {
        DecoderModel model = context.Model;
        CalibrationSet few = context.Calibration with { Windows = [.. context.Calibration.Windows.Take(RangeWindows)] };
        List<Finding> findings = [];
        IReadOnlyList<int> best = [];
        double least;
        using (CalibrationLoss loss = new(model, [.. few.Windows.Take(LossWindows)], LossStride))
        {
            double LossBehind(IReadOnlyList<int> tokens)
            {
                context.CancellationToken.ThrowIfCancellationRequested();
                context.Progress?.Report(new QuantizationEvent.Progress("prefix", "trying prefixes", findings.Count, 0));
                model.Prefix = tokens;
                CalibrationStatistics statistics = Calibrator.Observe(model, few, keepWindows: false, null, context.CancellationToken, context.Target);
                double value = loss.OfPrefixed(context.ToGraph(statistics, new("candidate", new Dictionary<string, string>())));
                findings.Add(new("prefix", Text(tokens, tokenizer), value, false));
                return value;
            }

            double none = least = LossBehind([]);
            foreach (int token in Candidates(model.Architecture, tokenizer))
            {
                double value = LossBehind([token]);
                (best, least) = value < least ? ([token], value) : (best, least);
            }

            if (best.Count > 0 && tokenizer?.Encode("\n", addSpecialTokens: false) is [int newline])
            {
                IReadOnlyList<int> longer = [.. best, newline];
                double value = LossBehind(longer);
                (best, least) = value < least ? (longer, value) : (best, least);
            }

            best = least < none * (1 - LeastGain) ? best : [];
        }

        model.Prefix = best;
        string chosen = Text(best, tokenizer);
        findings = [.. findings.Select(finding => finding with { IsChosen = finding.Candidate == chosen })];
        context.Progress?.Report(new QuantizationEvent.Message($"Prefix: {chosen} is best of {findings.Count}."));
        if (best.Count == 0)
        {
            return (context, outcome with { Findings = [.. outcome.Findings, .. findings] });
        }

        context.RestoreWeights?.Invoke();
        context = context with { Statistics = Calibrator.Observe(model, context.Calibration, keepWindows: true, context.Progress, context.CancellationToken, context.Target) };
        outcome = recipe.Apply(context);
        return (context, outcome with { Findings = [.. findings, .. outcome.Findings] });
    }

    /// <summary>Tokens as people read them, with their ids.</summary>
    /// <param name="tokens">Ids.</param>
    /// <param name="tokenizer">Decodes them; may be null.</param>
    /// <returns>Such as <c>&lt;|im_start|&gt; (1)</c>, or <c>none</c>.</returns>
    public static string Text(IReadOnlyList<int> tokens, TextTokenizer? tokenizer)
    {
        string ids = string.Join(',', tokens.Select(id => id.ToString(CultureInfo.InvariantCulture)));
        return tokens.Count == 0 ? "none"
            : tokenizer is null ? ids
            : $"{tokenizer.Decode([.. tokens], skipSpecialTokens: false).Replace("\n", "\\n", StringComparison.Ordinal)} ({ids})";
    }

    private static IEnumerable<int> Candidates(DecoderArchitecture architecture, TextTokenizer? tokenizer)
    {
        IEnumerable<int> all = architecture.BeginToken is { } begin ? [begin] : [];
        all = all.Concat(architecture.EndTokens);
        if (tokenizer is not null)
        {
            all = all.Concat(tokenizer.Encode("\n", addSpecialTokens: false).Take(1)).Concat(tokenizer.SpecialIds.Order());
        }

        return all.Where(id => id < architecture.VocabularySize).Distinct().Take(MostCandidates);
    }
}
