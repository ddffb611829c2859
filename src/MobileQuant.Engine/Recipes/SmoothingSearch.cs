using System.Globalization;
using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Recipes;

/// <summary>
/// Smooths a model over a set of pairs with one strength, given or searched: each candidate's simulation is compared with the
/// float model by the divergence of their next-token distributions on a few calibration windows.
/// </summary>
internal sealed class SmoothingSearch
{
    /// <summary>Strengths that are tried; null is no smoothing. Behind them come the neighbours of the best one.</summary>
    private static readonly double?[] Candidates = [null, 0.35, 0.5, 0.65, 0.8];

    private const double Neighbour = 0.05;

    /// <summary>
    /// Static scales want more of it, or nothing where four-bit weights bear none: none, then from the strongest down, and past the
    /// best only as far as it takes to see that.
    /// </summary>
    private static readonly double?[] StaticCandidates = [null, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3];

    private const int WorseInARow = 2;

    private const int SearchTokens = 2048;
    private const double TieMargin = 1e-4;

    /// <summary>
    /// Rounding makes losses on so few tokens a lottery: the same strength of the same model had losses 7 % apart on two machines.
    /// </summary>
    private const double Noise = 0.07;

    private readonly RecipeContext _context;
    private readonly SmoothingBasis[] _bases;
    private readonly List<Finding> _findings = [];
    private float[][] _folded;

    private SmoothingSearch(RecipeContext context, IReadOnlyCollection<SmoothingKind> kinds)
    {
        _context = context;
        _bases = [.. SmoothingPair.Enumerate(context.Model.Architecture, kinds).Select(pair => SmoothingBasis.Of(pair, context.Model, context.Statistics))];
        _folded = [.. _bases.Select(basis => basis.Scales(null))];
    }

    /// <summary>Smooths the context's model.</summary>
    public static RecipeOutcome Run(RecipeContext context, IReadOnlyCollection<SmoothingKind> kinds)
    {
        ArgumentNullException.ThrowIfNull(context);
        SmoothingSearch search = new(context, kinds);
        double? alpha = context.Alpha ?? search.FindAlpha();
        CalibrationStatistics statistics = search.FoldTo(alpha);
        return new(statistics, new Dictionary<string, string>
        {
            ["alpha"] = Text(alpha),
            ["alphaSource"] = context.Alpha is null ? "searched" : "given",
        })
        {
            Findings = search._findings,
        };
    }

    private static string Text(double? alpha) => alpha is { } value ? value.ToString("0.###", CultureInfo.InvariantCulture) : "none";

    private double? FindAlpha()
    {
        int[][] windows = [.. _context.Calibration.Windows.Take(Math.Max(1, SearchTokens / _context.Calibration.WindowLength))];
        using torch.Tensor ids = TokenTensor.Of(windows);
        using torch.Tensor reference = _context.Model.ForwardHidden(ids);
        bool isStatic = _context.Activations == ActivationMode.Static;
        List<double?> candidates = [.. isStatic ? StaticCandidates : Candidates];
        double? best = null;
        double least = double.PositiveInfinity;
        double previous = double.PositiveInfinity;
        int worse = 0;
        for (int i = 0; i < candidates.Count && worse < WorseInARow; i++)
        {
            _context.CancellationToken.ThrowIfCancellationRequested();
            _context.Progress?.Report(new QuantizationEvent.Progress("search", "searching the smoothing strength", i, candidates.Count));
            double loss = LossOf(candidates[i], ids, reference);
            _findings.Add(new("alpha", Text(candidates[i]), loss, false));
            worse = isStatic && loss > previous && loss > least ? worse + 1 : 0;
            previous = candidates[i] is null ? double.PositiveInfinity : loss;

            // Sums over threads differ in their last digits; a tie must not be decided by them.
            if (loss < least * (1 - TieMargin))
            {
                (best, least) = (candidates[i], loss);
            }

            if (!isStatic && i == Candidates.Length - 1 && best is { } strength)
            {
                candidates.AddRange([Math.Round(strength - Neighbour, 2), Math.Round(strength + Neighbour, 2)]);
            }
        }

        if (!isStatic && _context.Precision.WeightBits == 8)
        {
            best = StrongestAsGoodAs(least, candidates);
        }

        for (int i = 0; i < _findings.Count; i++)
        {
            _findings[i] = _findings[i] with { IsChosen = _findings[i].Candidate == Text(best) };
        }

        _context.Progress?.Report(new QuantizationEvent.Message(FormattableString.Invariant(
            $"Smoothing strength {Text(best)} of {_findings.Count} is taken (least divergence {least:0.00000} on {windows.Length} calibration windows).")));
        return best;
    }

    /// <summary>
    /// Of strengths that noise does not tell apart, the strongest: weights of 8 bits can bear it, and other texts have larger
    /// activations than those that were calibrated on. And so machines agree.
    /// </summary>
    private double? StrongestAsGoodAs(double least, List<double?> candidates) =>
        candidates.Zip(_findings).Where(pair => pair.Second.Loss <= least * (1 + Noise)).Max(pair => pair.First);

    private double LossOf(double? alpha, torch.Tensor ids, torch.Tensor reference)
    {
        CalibrationStatistics statistics = FoldTo(alpha);

        // The graph borrows the model's weights, so it is not disposed here.
        QuantizedGraph graph = _context.ToGraph(statistics, new("candidate", new Dictionary<string, string>()));
        using Simulation simulation = new(graph, keepWeights: false);
        using torch.Tensor hidden = _context.Model.ForwardHidden(ids, simulation);
        return Divergence.OfHeads(_context.Model, reference, hidden, simulation);
    }

    /// <summary>Moves the weights from the strength that they have to another, and returns the statistics that belong to it.</summary>
    private CalibrationStatistics FoldTo(double? alpha)
    {
        DecoderModel model = _context.Model;
        if (_context.RestoreWeights is { } restore)
        {
            restore();
            _folded = [.. _bases.Select(basis => basis.Scales(null))];
        }

        List<KeyValuePair<Site, float[]>> divisors = [];
        float[][] target = [.. _bases.Select(basis => basis.Scales(alpha))];
        for (int i = 0; i < _bases.Length; i++)
        {
            float[] step = [.. target[i].Zip(_folded[i], (to, from) => to / from)];
            _bases[i].Pair.Fold(model.Architecture, model.Weights, step);
            divisors.AddRange(_bases[i].Pair.Divisors(model.Architecture, target[i]));
        }

        _folded = target;
        return _context.Statistics.Divide(divisors);
    }
}
