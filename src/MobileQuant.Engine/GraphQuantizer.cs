using System.Globalization;
using MobileQuant.Calibration;
using MobileQuant.Checkpoints;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Rotation;
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
    /// <param name="progress">Told about steps <c>load</c>, <c>rotate</c>, <c>calibrate</c>, <c>search</c> and <c>round</c>.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The graph; the caller disposes it.</returns>
    /// <exception cref="MobileQuantException">MQ2005 to MQ2009: the checkpoint; MQ3001 to MQ3013, MQ3022, MQ3023: recipe or calibration; MQ9001 to MQ9003: TorchSharp.</exception>
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
        bool isStatic = request.Activations == ActivationMode.Static;
        request.WideSites.Resolve(checkpoint.Architecture);
        tokenizer ??= checkpoint.ReadTokenizer() is { } files ? TextTokenizer.FromFiles(files) : null;
        CheckVocabulary(checkpoint, tokenizer);
        IReadOnlyList<int> prefix = isStatic ? request.Prefix.Resolve(checkpoint.Architecture, tokenizer) : [];
        TorchRuntime.EnsureLoaded(progress, cancellationToken);
        torch.set_num_threads(request.Threads > 0 ? request.Threads : Environment.ProcessorCount);
        if (choice.Reason is not null)
        {
            progress?.Report(new QuantizationEvent.Message($"Recipe {choice.Recipe.Name}: {choice.Reason}."));
        }

        using ModelRotation? rotation = choice.Recipe.Rotates ? new(checkpoint.Architecture, request.Seed) : null;
        DecoderWeights weights = WeightLoader.Load(checkpoint, progress, cancellationToken);
        try
        {
            if (rotation is not null)
            {
                progress?.Report(new QuantizationEvent.Progress("rotate", "rotating the model", 0, 0));
                weights = rotation.Fold(weights);
            }

            return Quantize(checkpoint, weights, rotation, request, choice, tokenizer, prefix, progress, cancellationToken);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    private static QuantizedGraph Quantize(
        ICheckpoint checkpoint,
        DecoderWeights weights,
        ModelRotation? rotation,
        QuantizationRequest request,
        RecipeChoice choice,
        TextTokenizer? tokenizer,
        IReadOnlyList<int> prefix,
        IProgress<QuantizationEvent>? progress,
        CancellationToken cancellationToken)
    {
        using DecoderModel model = new(rotation?.Architecture ?? checkpoint.Architecture, weights);
        RoundingMode rounding = request.Rounding != RoundingMode.Default ? request.Rounding : choice.Recipe.RoundingFor(request.Precision);
        int count = rounding == RoundingMode.ErrorFeedback ? ErrorFeedbackRounding.DefaultWindowCount : CalibrationSet.DefaultWindowCount;
        CalibrationSet all = Calibrate(model, request, tokenizer, count, progress, cancellationToken);
        CalibrationSet set = all with { Windows = [.. all.Windows.Take(CalibrationSet.DefaultWindowCount)] };
        bool isStatic = request.Activations == ActivationMode.Static;
        model.Prefix = prefix;
        RecipeContext context = new()
        {
            Model = model,
            Calibration = set,
            Statistics = Calibrator.Observe(model, set, keepWindows: isStatic, progress, cancellationToken),
            Precision = request.Precision,
            Activations = request.Activations,
            Schemes = SchemesOf(request),
            Alpha = request.Alpha,
            RestoreWeights = () =>
            {
                WeightLoader.RestoreLayers(checkpoint, weights);
                rotation?.FoldLayers(weights);
            },
            Progress = progress,
            CancellationToken = cancellationToken,
        };
        RecipeOutcome outcome = choice.Recipe.Apply(context);
        if (request.Prefix == SinkPrefix.Auto && isStatic)
        {
            (context, outcome) = PrefixSearch.Run(context, choice.Recipe, outcome, tokenizer);
        }

        SiteRanges ranges = outcome.Statistics.ToSiteRanges();
        IReadOnlySet<Site> wide = new HashSet<Site>();
        if (isStatic)
        {
            (outcome, ranges, wide) = StaticRefinement.Run(context, choice.Recipe, outcome, request.WideSites);
        }

        Dictionary<string, string> settings = Settings(outcome, set, request);
        if (choice.Reason is { } reason)
        {
            settings["chosenBy"] = $"{RecipeCatalog.Auto}: {reason}";
        }

        settings["rounding"] = rounding == RoundingMode.ErrorFeedback ? "error feedback" : "nearest";
        QuantizedGraph graph = context.ToGraph(outcome.Statistics, new(choice.Recipe.Name, settings) { Findings = outcome.Findings }) with { Ranges = ranges, WideSites = wide };
        if (rounding != RoundingMode.ErrorFeedback)
        {
            return graph;
        }

        settings["roundingWindows"] = all.Windows.Count.ToString(CultureInfo.InvariantCulture);
        return ErrorFeedbackRounding.Apply(graph, all, progress, cancellationToken);
    }

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
        DecoderModel model, QuantizationRequest request, TextTokenizer? tokenizer, int count, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
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

    private static WeightSchemes SchemesOf(QuantizationRequest request)
    {
        WeightSymmetry symmetry = request.Weights != WeightSymmetry.Default ? request.Weights
            : request.Precision.WeightBits == 8 ? WeightSymmetry.Symmetric : WeightSymmetry.Asymmetric;
        return new(new(request.Precision.WeightBits, symmetry, request.Granularity, request.Precision.BlockSize));
    }

    private static Dictionary<string, string> Settings(RecipeOutcome outcome, CalibrationSet set, QuantizationRequest request) => new(outcome.Settings)
    {
        ["calibration"] = set.Source,
        ["calibrationWindows"] = set.Windows.Count.ToString(CultureInfo.InvariantCulture),
        ["calibrationWindowLength"] = set.WindowLength.ToString(CultureInfo.InvariantCulture),
        ["seed"] = request.Seed.ToString(CultureInfo.InvariantCulture),
    };
}
