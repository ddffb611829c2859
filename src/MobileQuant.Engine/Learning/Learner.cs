using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Torch;

namespace MobileQuant.Learning;

/// <summary>Learns equivalent transformations, weight clipping and activation ranges of a quantized graph (arXiv 2408.13933, 2308.13137).</summary>
public static class Learner
{
    /// <summary>Learns.</summary>
    /// <param name="graph">
    /// Where learning starts: its ranges, schemes and wide sites are taken as they are. Where its codes are chosen already, they stay, and
    /// the scales of their rows are learned instead of transformations and clips.
    /// </param>
    /// <param name="windows">Windows that steps draw from, all of one length.</param>
    /// <param name="settings">What is learned, how long and how fast.</param>
    /// <param name="environment">Seed, target, progress, cancellation and saved states.</param>
    /// <returns>
    /// The graph with learned transformations folded, with learned clips and ranges, and a <see cref="RecipeSummary.Learning"/>. It
    /// shares the weights of <paramref name="graph"/>, which are changed in place at the end: use only the result afterwards.
    /// </returns>
    /// <exception cref="MobileQuantException">MQ3031: too many steps in a row whose loss or gradients were not finite.</exception>
    public static QuantizedGraph Learn(QuantizedGraph graph, CalibrationSet windows, LearningSettings settings, LearningEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(windows);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(environment);
        using IDisposable memory = NativeMemory.KeepFreed();
        string key = environment.StatePath is null ? string.Empty : LearningKey.Of(graph, windows, settings, environment);
        using DecoderModel teacher = new(graph.Architecture, graph.Weights) { Prefix = graph.Prefix, FusesAttention = environment.Target == QuantizationTarget.Cpu };
        using KeyValueCache? prefix = teacher.ComputePrefix();
        using LearnedModel student = new(graph, settings, environment.Target, teacher, prefix);
        bool isBlock = settings.Scope == LearningScope.Block;
        int layers = graph.Architecture.LayerCount;
        LearningState state = new(key, [.. Enumerable.Range(0, layers).SelectMany(student.ParametersOf)]);
        LearningRun run = new(settings, environment, state, isBlock ? layers : 1);
        if (isBlock)
        {
            using BlockTrainer trainer = new(student, teacher, prefix, windows, settings, environment);
            trainer.Run(run);
        }
        else
        {
            using EndToEndTrainer trainer = new(student, teacher, prefix, windows, settings, environment);
            trainer.Run(run);
        }

        QuantizedGraph learned = student.Fold();
        return learned with
        {
            Ranges = student.Sites.ToSiteRanges(Observe(graph, windows, settings, environment)),
            Recipe = graph.Recipe with { Learning = run.Finish() },
        };
    }

    /// <summary>
    /// The graph's ranges, observed anew where transformations change them: what the target does not round has ranges too, which
    /// decide about scales of wide integers.
    /// </summary>
    private static SiteRanges Observe(QuantizedGraph graph, CalibrationSet windows, LearningSettings settings, LearningEnvironment environment)
    {
        IReadOnlyList<SmoothingPair> pairs = SmoothingPair.Enumerate(graph.Architecture, settings.Transformations);
        HashSet<Site> changed = [.. pairs.SelectMany(pair => pair.Divisors(graph.Architecture, new float[pair.ChannelCount(graph.Architecture)])).Select(pair => pair.Key)];
        if (changed.Count == 0 || graph.Codes.Count > 0)
        {
            return graph.Ranges;
        }

        using DecoderModel folded = new(graph.Architecture, graph.Weights) { Prefix = graph.Prefix };
        CalibrationSet few = windows with { Windows = [.. windows.Windows.Take(CalibrationSet.DefaultWindowCount)] };
        SiteRanges observed = Calibrator.Observe(folded, few, keepWindows: false, null, environment.CancellationToken, environment.Target).ToSiteRanges();
        SiteRanges From(Site site) => changed.Contains(site) ? observed : graph.Ranges;
        return new(
            graph.Ranges.Sites.ToDictionary(site => site, site => From(site)[site]),
            graph.Ranges.Sites.Where(site => site.IsPerHead).ToDictionary(site => site, site => From(site).Heads(site).ToArray()));
    }
}
