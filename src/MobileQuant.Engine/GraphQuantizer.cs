using System.Globalization;
using MobileQuant.Calibration;
using MobileQuant.Checkpoints;
using MobileQuant.Learning;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Rounding;
using MobileQuant.Sensitivity;
using MobileQuant.Text;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant;

/// <summary>Checkpoint in, quantized graph out: loads the weights, rotates them where the recipe asks for it, calibrates, runs the recipe, and rounds.</summary>
public static class GraphQuantizer
{
    /// <summary>Quantizes a checkpoint up to the point where lowering begins.</summary>
    /// <param name="checkpoint">The float model.</param>
    /// <param name="request">Recipe, widths, calibration files (absolute, globs expanded), seed and threads are read from it.</param>
    /// <param name="tokenizer">The checkpoint's tokenizer; null: read from it when calibration text is given.</param>
    /// <param name="progress">Told about steps <c>load</c>, <c>rotate</c>, <c>calibrate</c>, <c>search</c>, <c>learn</c> and <c>round</c>.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The graph; the caller disposes it.</returns>
    /// <exception cref="MobileQuantException">MQ1015: an override matches nothing; MQ2005 to MQ2009: the checkpoint; MQ3001 to MQ3013, MQ3022, MQ3023, MQ3031: recipe or calibration; MQ9001 to MQ9004: TorchSharp.</exception>
    public static QuantizedGraph Quantize(
        ICheckpoint checkpoint,
        QuantizationRequest request,
        TextTokenizer? tokenizer = null,
        IProgress<QuantizationEvent>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(request);
        RecipeChoice choice = RecipeCatalog.Choose(request.Recipe, checkpoint.Architecture, request.Precision);
        request.WideSites.Resolve(checkpoint.Architecture);
        tokenizer ??= checkpoint.ReadTokenizer() is { } files ? TextTokenizer.FromFiles(files) : null;
        CheckVocabulary(checkpoint, tokenizer);
        IReadOnlyList<int> prefix = request.Activations == ActivationMode.Static ? request.Prefix.Resolve(checkpoint.Architecture, tokenizer) : [];
        WeightSchemes schemes = SchemesOf(request, checkpoint.Architecture);
        TorchRuntime.EnsureLoaded(progress, cancellationToken);
        torch.set_num_threads(request.Threads > 0 ? request.Threads : Environment.ProcessorCount);
        if (choice.Reason is not null)
        {
            progress?.Report(new QuantizationEvent.Message($"Recipe {choice.Recipe.Name}: {choice.Reason}."));
        }

        RoundingMode rounding = request.Rounding != RoundingMode.Default ? request.Rounding : choice.Recipe.RoundingFor(request.Precision);
        LearningSettings? learning = choice.Recipe.LearningFor(checkpoint.Architecture, request.Precision, request.Activations) is { } own ? request.Settings.ApplyTo(own) : null;
        bool roundsFirst = learning is { AfterRounding: true };
        CalibrationSet? windows = null;
        using StartSearch starts = new(checkpoint, choice.Recipe, request.Seed, progress, cancellationToken);
        StartingModel start;
        QuantizedGraph graph;
        using (NativeMemory.KeepFreed(NativeMemory.OfPasses))
        {
            (start, graph) = starts.Run(Prepare, () => windows!.Windows);
        }

        graph = learning is null ? graph : Learn(start.Model, graph, request, learning, tokenizer, progress, cancellationToken);
        graph = roundsFirst ? graph : Round(graph, windows!, rounding, progress, cancellationToken);
        start.Release();
        return graph;

        QuantizedGraph Prepare(StartingModel model)
        {
            windows ??= Calibrate(model.Model, request, tokenizer, rounding, progress, cancellationToken);
            model.Model.Prefix = prefix;
            QuantizedGraph transformed = Transform(model, windows, request, choice, schemes, tokenizer, progress, cancellationToken);
            return roundsFirst ? WithCodes(Round(transformed, windows, rounding, progress, cancellationToken)) : transformed;
        }
    }

    /// <summary>The recipe, and with static activations the searches behind it.</summary>
    private static QuantizedGraph Transform(
        StartingModel start,
        CalibrationSet all,
        QuantizationRequest request,
        RecipeChoice choice,
        WeightSchemes schemes,
        TextTokenizer? tokenizer,
        IProgress<QuantizationEvent>? progress,
        CancellationToken cancellationToken)
    {
        bool isStatic = request.Activations == ActivationMode.Static;
        CalibrationSet set = all with { Windows = [.. all.Windows.Take(CalibrationSet.DefaultWindowCount)] };
        RecipeContext context = new()
        {
            Model = start.Model,
            IsRotated = start.IsRotated,
            Calibration = set,
            Statistics = Calibrator.Observe(start.Model, set, keepWindows: isStatic, progress, cancellationToken, request.Target),
            Precision = request.Precision,
            Activations = request.Activations,
            Target = request.Target,
            Schemes = schemes,
            Alpha = request.Alpha,
            RestoreWeights = start.RestoreLayers,
            Progress = progress,
            CancellationToken = cancellationToken,
        };
        RecipeOutcome outcome = choice.Recipe.Apply(context);
        if (!isStatic)
        {
            return context.ToGraph(outcome.Statistics, Summarize(choice, outcome, set, request));
        }

        if (request.Prefix == SinkPrefix.Auto)
        {
            (context, outcome) = PrefixSearch.Run(context, choice.Recipe, outcome, tokenizer);
        }

        (outcome, SiteRanges ranges, IReadOnlySet<Site> wide) = StaticRefinement.Run(context, choice.Recipe, outcome, request.WideSites);
        return context.ToGraph(outcome.Statistics, Summarize(choice, outcome, set, request)) with { Ranges = ranges, WideSites = wide };
    }

    private static QuantizedGraph Learn(
        DecoderModel model,
        QuantizedGraph graph,
        QuantizationRequest request,
        LearningSettings settings,
        TextTokenizer? tokenizer,
        IProgress<QuantizationEvent>? progress,
        CancellationToken cancellationToken)
    {
        LearningEnvironment environment = new()
        {
            Seed = request.Seed,
            Target = request.Target,
            StatePath = request.LearningStatePath,
            Progress = progress,
            CancellationToken = cancellationToken,
        };
        CalibrationSet windows = LearningWindows.Read(model, request.Calibration, tokenizer, settings, environment);
        if (settings is { Loss: LearningLoss.Measured, AfterRounding: true })
        {
            // The residual stream of a rotated model spreads what one massive channel carried, but not what it weighs.
            settings = settings with { Loss = LearningLoss.Logits };
        }
        else if (settings is { Scope: LearningScope.EndToEnd, Loss: LearningLoss.Measured })
        {
            (LearningLoss loss, Finding finding) = LossChoice.Of(model, windows);
            settings = settings with { Loss = loss };
            graph = graph with { Recipe = graph.Recipe with { Findings = [.. graph.Recipe.Findings, finding] } };
            progress?.Report(new QuantizationEvent.Message(FormattableString.Invariant($"Loss {finding.Candidate}: the largest channel carries {finding.Loss:0.0 %} of the residual stream.")));
        }

        graph = graph with { Recipe = graph.Recipe with { Settings = Described(graph.Recipe.Settings, settings, request.Settings) } };
        return Learner.Learn(graph, windows, settings, environment);
    }

    private static Dictionary<string, string> Described(IReadOnlyDictionary<string, string> summary, LearningSettings used, RecipeSettings given)
    {
        Dictionary<string, string> settings = new(summary);
        foreach ((string key, string value) in RecipeSettingTable.Describe(used))
        {
            settings["learning." + key] = value;
        }

        if (!given.IsEmpty)
        {
            settings["settings"] = given.ToString();
        }

        return settings;
    }

    private static QuantizedGraph Round(
        QuantizedGraph graph, CalibrationSet set, RoundingMode rounding, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        bool feedsBack = rounding == RoundingMode.ErrorFeedback;
        Dictionary<string, string> settings = new(graph.Recipe.Settings) { ["rounding"] = feedsBack ? "errorfeedback" : "nearest" };
        if (feedsBack)
        {
            settings["roundingWindows"] = set.Windows.Count.ToString(CultureInfo.InvariantCulture);
            using IDisposable memory = NativeMemory.KeepFreed(NativeMemory.OfPasses);
            graph = ErrorFeedbackRounding.Apply(graph, set, progress, cancellationToken);
        }

        return graph with { Recipe = graph.Recipe with { Settings = settings } };
    }

    /// <summary>The graph with the codes of all its linear layers, so that nothing behind it changes them.</summary>
    private static QuantizedGraph WithCodes(QuantizedGraph graph) => graph with
    {
        Codes = (from layer in Enumerable.Range(0, graph.Architecture.LayerCount)
                 from kind in graph.Architecture.Linears
                 select (layer, kind)).ToDictionary(linear => linear, linear => graph.QuantizeLinear(linear.layer, linear.kind)),
    };

    private static void CheckVocabulary(ICheckpoint checkpoint, TextTokenizer? tokenizer)
    {
        if (tokenizer is not null && tokenizer.VocabularySize > checkpoint.Architecture.VocabularySize)
        {
            throw new MobileQuantException(
                "MQ2009",
                $"{checkpoint.Path}: the tokenizer has ids up to {tokenizer.VocabularySize - 1}, but the embedding has only {checkpoint.Architecture.VocabularySize} rows.",
                "Check that tokenizer.json belongs to this model.");
        }
    }

    private static CalibrationSet Calibrate(
        DecoderModel model, QuantizationRequest request, TextTokenizer? tokenizer, RoundingMode rounding, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        int count = rounding == RoundingMode.ErrorFeedback ? ErrorFeedbackRounding.DefaultWindowCount : CalibrationSet.DefaultWindowCount;
        int room = request.Activations == ActivationMode.Static && request.Prefix != SinkPrefix.None ? SinkPrefix.MostTokens : 0;
        int length = Math.Min(CalibrationSet.DefaultWindowLength, model.Architecture.ContextLength - room);
        if (request.Calibration.Count > 0)
        {
            if (tokenizer is null)
            {
                throw new MobileQuantException("MQ3013", "Calibration text is given, but the checkpoint has no tokenizer to encode it.", "Add tokenizer.json to the checkpoint, or give no calibration text.");
            }

            progress?.Report(new QuantizationEvent.Progress("calibrate", "encoding the calibration text", 0, 0));
            return CalibrationCorpus.Read(request.Calibration, tokenizer, count, length, request.Seed);
        }

        progress?.Report(new QuantizationEvent.Message(
            $"No calibration text is given: calibrating on {CalibrationSet.SampledWindowCount} windows of {length} tokens sampled from the model itself (temperature 1, seed {request.Seed})."));
        return ModelSampler.Sample(model, CalibrationSet.SampledWindowCount, length, request.Seed, progress, cancellationToken);
    }

    private static WeightSchemes SchemesOf(QuantizationRequest request, DecoderArchitecture architecture)
    {
        WeightSymmetry symmetry = request.Weights != WeightSymmetry.Default ? request.Weights
            : request.Precision.WeightBits == 8 ? WeightSymmetry.Symmetric : WeightSymmetry.Asymmetric;
        WeightScheme scheme = new(request.Precision.WeightBits, symmetry, request.Granularity, request.Precision.BlockSize);
        return request.Overrides.Apply(scheme, request.Weights, architecture);
    }

    private static RecipeSummary Summarize(RecipeChoice choice, RecipeOutcome outcome, CalibrationSet set, QuantizationRequest request)
    {
        Dictionary<string, string> settings = new(outcome.Settings)
        {
            ["calibration"] = set.Source,
            ["calibrationWindows"] = set.Windows.Count.ToString(CultureInfo.InvariantCulture),
            ["calibrationWindowLength"] = set.WindowLength.ToString(CultureInfo.InvariantCulture),
            ["seed"] = request.Seed.ToString(CultureInfo.InvariantCulture),
        };
        if (request.Target != QuantizationTarget.Cpu)
        {
            settings["target"] = request.Target.ToString().ToLowerInvariant();
        }

        if (!request.Overrides.IsEmpty)
        {
            settings["overrides"] = request.Overrides.ToString();
        }

        if (choice.Reason is { } reason)
        {
            settings["chosenBy"] = $"{RecipeCatalog.Auto}: {reason}";
        }

        return new(choice.Recipe.Name, settings) { Findings = outcome.Findings };
    }
}
