using System.Globalization;
using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Recipes;

namespace MobileQuant.Sensitivity;

/// <summary>
/// What static activations need after a recipe: which inputs keep 16 bits, the smoothing strength that goes with them, and whether
/// ranges come from the maximum or from a quantile of the windows' maxima. All are decided by loss on calibration windows.
/// </summary>
internal sealed class StaticRefinement
{
    private static readonly double[] Quantiles = [0.99, 0.95, 0.9, 0.5];

    private const double AlphaStep = 0.1;
    private const double TieMargin = 1e-3;
    private const int LossStride = 2;

    // Half windows: massive activations come with the first positions, so twice the windows say more than twice the tokens.
    private const int LossWindows = 4;
    private const int LossTokens = 256;

    // Strengths also decide about the weights, whose error is small and needs more tokens.
    private const int AlphaWindows = 4;

    private readonly RecipeContext _context;
    private readonly IRecipe _recipe;
    private readonly WideSites _wide;
    private readonly List<Finding> _findings = [];
    private RecipeOutcome _outcome;
    private double _quantile = 1;

    private StaticRefinement(RecipeContext context, IRecipe recipe, RecipeOutcome outcome, WideSites wide)
    {
        _context = context;
        _recipe = recipe;
        _outcome = outcome;
        _wide = wide;
    }

    /// <summary>Refines what a recipe made.</summary>
    /// <param name="context">The recipe's, with static activations; its model carries the prefix.</param>
    /// <param name="recipe">The recipe, to run again with another strength.</param>
    /// <param name="outcome">What it made.</param>
    /// <param name="wide">Which inputs keep 16 bits.</param>
    /// <returns>The outcome with its findings, the ranges, and the sites.</returns>
    public static (RecipeOutcome Outcome, SiteRanges Ranges, IReadOnlySet<Site> WideSites) Run(RecipeContext context, IRecipe recipe, RecipeOutcome outcome, WideSites wide) =>
        new StaticRefinement(context, recipe, outcome, wide).Run();

    private (RecipeOutcome Outcome, SiteRanges Ranges, IReadOnlySet<Site> WideSites) Run()
    {
        using CalibrationLoss loss = LossOn(LossWindows, LossTokens);
        IReadOnlySet<Site> sites = _wide.Resolve(_context.Model.Architecture);
        IReadOnlyList<(Site Site, double Loss)> ranking = [];
        if (_wide.Count > 0)
        {
            ranking = Rank(loss);
            sites = Top(ranking);
            if (Math.Abs(SearchAlpha(sites)) > AlphaStep * 1.5)
            {
                // So far from where they were ranked, other sites may be the worst.
                ranking = Rank(loss);
                sites = Top(ranking);
            }
        }

        SearchQuantile(loss, sites);
        if (_wide.IsSearched && _wide.Count > 0)
        {
            sites = WideSiteSearch.Search(
                loss, chosen => Graph(chosen, _quantile), [.. ranking.Take(_wide.Count).Select(pair => pair.Site)], _findings, _context.Progress, _context.CancellationToken);
        }

        _findings.InsertRange(0, ranking.Select(pair => new Finding("sensitivity", pair.Site.ToString(), pair.Loss, sites.Contains(pair.Site))));
        Tell(loss, sites);
        return (_outcome with { Findings = [.. _outcome.Findings, .. _findings], Settings = Settings(sites) }, Ranges(sites, _quantile), sites);
    }

    private CalibrationLoss LossOn(int windows, int tokens) =>
        new(_context.Model, [.. _context.Calibration.Windows.Take(windows).Select(window => window.Length > tokens ? window[..tokens] : window)], LossStride);

    private IReadOnlyList<(Site Site, double Loss)> Rank(CalibrationLoss ranker) =>
        SiteRanking.Rank(ranker, Graph(new HashSet<Site>(), 1), _wide.Count, _context.Progress, _context.CancellationToken);

    private HashSet<Site> Top(IReadOnlyList<(Site Site, double Loss)> ranking) => [.. ranking.Take(_wide.Count).Select(pair => pair.Site)];

    private SiteRanges Ranges(IReadOnlySet<Site> wide, double quantile) =>
        _outcome.Statistics.ToSiteRanges(site => wide.Contains(site) ? 1 : quantile);

    private QuantizedGraph Graph(IReadOnlySet<Site> wide, double quantile) =>
        _context.ToGraph(_outcome.Statistics, new("candidate", new Dictionary<string, string>())) with { WideSites = wide, Ranges = Ranges(wide, quantile) };

    /// <summary>
    /// Wide sites take over what smoothing had to do for them, so a weaker one, which costs the weights less, may be better now.
    /// Returns by how much the strength changed; the model is left folded to the best.
    /// </summary>
    private double SearchAlpha(IReadOnlySet<Site> sites)
    {
        if (_context.RestoreWeights is null
            || _outcome.Settings.GetValueOrDefault("alphaSource") != "searched"
            || !double.TryParse(_outcome.Settings.GetValueOrDefault("alpha"), CultureInfo.InvariantCulture, out double start))
        {
            return 0;
        }

        IReadOnlyList<Finding> earlier = _outcome.Findings;
        RecipeOutcome best = _outcome;
        double alpha = start;
        using CalibrationLoss whole = LossOn(AlphaWindows, int.MaxValue);
        double least = whole.OfWhole(Graph(sites, 1));
        _findings.Add(new("alpha with wide sites", Text(start), least, true));
        foreach (double step in (double[])[-AlphaStep, AlphaStep / 2])
        {
            for (double candidate = alpha + step; candidate is > 0.25 and < 0.96; candidate += step)
            {
                _context.CancellationToken.ThrowIfCancellationRequested();
                _context.Progress?.Report(new QuantizationEvent.Progress("search", "searching the smoothing strength with wide inputs", 0, 0));
                _outcome = Apply(candidate);
                double loss = whole.OfWhole(Graph(sites, 1));
                bool better = loss < least * (1 - TieMargin);
                _findings.Add(new("alpha with wide sites", Text(candidate), loss, better));
                if (!better)
                {
                    break;
                }

                (best, alpha, least) = (_outcome, candidate, loss);
            }
        }

        for (int i = 0; i < _findings.Count; i++)
        {
            _findings[i] = _findings[i] with { IsChosen = _findings[i].Candidate == Text(alpha) };
        }

        if (!ReferenceEquals(best, _outcome))
        {
            Apply(alpha);
        }

        _outcome = best with
        {
            Settings = new Dictionary<string, string>(best.Settings) { ["alpha"] = Text(alpha), ["alphaSource"] = "searched" },
            Findings = earlier,
        };
        return alpha - start;
    }

    private RecipeOutcome Apply(double alpha)
    {
        _context.RestoreWeights!();
        return _recipe.Apply(_context with { Alpha = alpha });
    }

    private void SearchQuantile(CalibrationLoss loss, IReadOnlySet<Site> sites)
    {
        if (!_outcome.Statistics.HasWindows)
        {
            return;
        }

        List<(double Quantile, double Loss)> tried = [];
        foreach (double quantile in (double[])[1, .. Quantiles])
        {
            _context.CancellationToken.ThrowIfCancellationRequested();
            _context.Progress?.Report(new QuantizationEvent.Progress("range", "choosing ranges", tried.Count, Quantiles.Length + 1));
            tried.Add((quantile, loss.Of(Graph(sites, quantile))));
        }

        _quantile = tried.MinBy(pair => pair.Loss).Quantile;
        _findings.AddRange(tried.Select(pair => new Finding("range", pair.Quantile == 1 ? "maximum" : $"quantile {Text(pair.Quantile)}", pair.Loss, pair.Quantile == _quantile)));
    }

    private Dictionary<string, string> Settings(IReadOnlySet<Site> sites) => new(_outcome.Settings)
    {
        ["ranges"] = _quantile == 1 ? "maximum" : $"quantile {Text(_quantile)} of window maxima",
        ["wideSites"] = _wide.ToString(),
        ["wideSitesChosen"] = string.Join(' ', sites.OrderBy(site => site.Layer).ThenBy(site => site.Kind)),
    };

    private void Tell(CalibrationLoss loss, IReadOnlySet<Site> sites)
    {
        double narrow = loss.Of(Graph(new HashSet<Site>(), _quantile));
        double chosen = sites.Count == 0 ? narrow : loss.Of(Graph(sites, _quantile));
        _findings.Add(new("result", "no wide sites", narrow, sites.Count == 0));
        _findings.Add(new("result", $"{sites.Count} wide sites", chosen, true));
        _context.Progress?.Report(new QuantizationEvent.Message(FormattableString.Invariant(
            $"Static activations: {sites.Count} inputs keep 16 bits, ranges from the {(_quantile == 1 ? "maximum" : $"{Text(_quantile)} quantile")}; divergence {chosen:0.00000}, without wide inputs {narrow:0.00000}.")));
    }

    private static string Text(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
