using MobileQuant.Caching;
using MobileQuant.Quantization;
using MobileQuant.Recipes;

namespace MobileQuant.Evaluation.Comparison;

/// <summary>Which rows a request asks for; everything that can be wrong with it is found here, before the first hour of work.</summary>
internal static class ComparisonPlan
{
    /// <summary>Makes the rows.</summary>
    /// <param name="request">The request.</param>
    /// <returns>By precision, activations, weights and recipe.</returns>
    /// <exception cref="MobileQuantException">MQ1003 to MQ1006, MQ1009, MQ1018, MQ1025, MQ3001: what is wrong with the request.</exception>
    public static IReadOnlyList<ComparisonVariant> Make(ComparisonRequest request)
    {
        RequireSome(request.Recipes, "recipe");
        RequireSome(request.Precisions, "precision");
        RequireSome(request.Activations, "kind of activations");
        RequireSome(request.Weights, "kind of weights");
        RequireSome(request.Measures, "text");
        foreach (TextMeasure measure in request.Measures)
        {
            measure.Validate();
        }

        GreedyPrompts.Validate(request.PromptsPath);
        if (request.Measures.GroupBy(measure => Path.GetFileName(measure.TextPath)).FirstOrDefault(group => group.Select(measure => measure.TextPath).Distinct().Count() > 1 || group.Select(measure => measure.Protocol).Distinct().Count() < group.Count()) is { } same)
        {
            throw new MobileQuantException("MQ1025", $"The text {same.Key} is named twice.", "Name each text once per protocol; texts are told apart by their file names.");
        }

        if (request.RuntimeRecipes.FirstOrDefault(name => !request.Recipes.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } stranger)
        {
            throw new MobileQuantException("MQ1025", $"The recipe '{stranger}' is to run in integers, but it is not compared.", $"Use one of: {string.Join(", ", request.Recipes)}.");
        }

        if (request.RuntimeRecipes.Count > 0 && request.Shared.Target != QuantizationTarget.Cpu)
        {
            throw new MobileQuantException("MQ1018", $"The target is {Word(request.Shared.Target)}, which the integer runtime is not for.", "Leave the integer runtime out, or use target cpu.");
        }

        ComparisonVariant[] variants =
        [
            .. from precision in request.Precisions
               from activations in request.Activations
               from weights in request.Weights
               from recipe in request.Recipes
               select new ComparisonVariant(
                   RequestNormalizer.NormalizeInputs(request.Shared with { Recipe = recipe, Precision = precision, Activations = activations, Weights = weights, Settings = SettingsOf(request, recipe) }),
                   request.RuntimeRecipes.Contains(recipe, StringComparer.OrdinalIgnoreCase)),
        ];
        return variants.GroupBy(variant => (variant.Request.Recipe, variant.Request.Precision, variant.Request.Activations, variant.Request.Weights)).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new MobileQuantException("MQ1025", $"{twice.Key.Recipe} {twice.Key.Precision} {Word(twice.Key.Activations)} {Word(twice.Key.Weights)} is asked for twice.", "Name each recipe, precision, kind of activations and of weights once.")
            : variants;
    }

    /// <summary>Settings are for the recipes that learn, as long as one of them does.</summary>
    private static RecipeSettings SettingsOf(ComparisonRequest request, string recipe) =>
        RecipeCatalog.Learns(recipe) || !request.Recipes.Any(RecipeCatalog.Learns) ? request.Shared.Settings : RecipeSettings.None;

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static void RequireSome<T>(IReadOnlyList<T> values, string what)
    {
        if (values.Count == 0)
        {
            throw new MobileQuantException("MQ1025", $"There is no {what} to compare.", $"Name at least one {what}.");
        }
    }
}
