using System.Globalization;
using MobileQuant.Calibration;
using MobileQuant.Checkpoints;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Sensitivity;
using MobileQuant.Text;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant;

/// <summary>Checkpoint in, quantized graph out: loads the weights, calibrates, and runs the recipe.</summary>
public static class GraphQuantizer
{
    /// <summary>Quantizes a checkpoint up to the point where lowering begins.</summary>
    /// <param name="checkpoint">The float model.</param>
    /// <param name="request">Recipe, widths, calibration files (absolute, globs expanded), seed and threads are read from it.</param>
    /// <param name="tokenizer">The checkpoint's tokenizer; null: read from it when calibration text is given.</param>
    /// <param name="progress">Told about steps <c>load</c>, <c>calibrate</c> and <c>search</c>.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The graph; the caller disposes it.</returns>
    /// <exception cref="MobileQuantException">MQ2005 to MQ2009: the checkpoint; MQ3001 to MQ3012: recipe or calibration; MQ9001 to MQ9003: TorchSharp.</exception>
    public static QuantizedGraph Quantize(
        ICheckpoint checkpoint,
        QuantizationRequest request,
        TextTokenizer? tokenizer = null,
        IProgress<QuantizationEvent>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(request);
        IRecipe recipe = RecipeCatalog.Find(request.Recipe);
        bool isStatic = request.Activations == ActivationMode.Static;
        request.WideSites.Resolve(checkpoint.Architecture);
        tokenizer ??= checkpoint.ReadTokenizer() is { } files ? TextTokenizer.FromFiles(files) : null;
        CheckVocabulary(checkpoint, tokenizer);
        IReadOnlyList<int> prefix = isStatic ? request.Prefix.Resolve(checkpoint.Architecture, tokenizer) : [];
        TorchRuntime.EnsureLoaded(progress, cancellationToken);
        torch.set_num_threads(request.Threads > 0 ? request.Threads : Environment.ProcessorCount);

        DecoderWeights weights = WeightLoader.Load(checkpoint, progress, cancellationToken);
        try
        {
            using DecoderModel model = new(checkpoint.Architecture, weights);
            CalibrationSet set = Calibrate(model, request, tokenizer, progress, cancellationToken);
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
                RestoreWeights = () => WeightLoader.RestoreLayers(checkpoint, weights),
                Progress = progress,
                CancellationToken = cancellationToken,
            };
            RecipeOutcome outcome = recipe.Apply(context);
            if (!isStatic)
            {
                return context.ToGraph(outcome.Statistics, Summarize(recipe, outcome, set, request));
            }

            if (request.Prefix == SinkPrefix.Auto)
            {
                (context, outcome) = PrefixSearch.Run(context, recipe, outcome, tokenizer);
            }

            (outcome, SiteRanges ranges, IReadOnlySet<Site> wide) = StaticRefinement.Run(context, recipe, outcome, request.WideSites);
            return context.ToGraph(outcome.Statistics, Summarize(recipe, outcome, set, request)) with { Ranges = ranges, WideSites = wide };
        }
        catch
        {
            weights.Dispose();
            throw;
        }
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
        DecoderModel model, QuantizationRequest request, TextTokenizer? tokenizer, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
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
            return CalibrationCorpus.Read(request.Calibration, tokenizer, CalibrationSet.DefaultWindowCount, length, request.Seed);
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

    private static RecipeSummary Summarize(IRecipe recipe, RecipeOutcome outcome, CalibrationSet set, QuantizationRequest request)
    {
        Dictionary<string, string> settings = new(outcome.Settings)
        {
            ["calibration"] = set.Source,
            ["calibrationWindows"] = set.Windows.Count.ToString(CultureInfo.InvariantCulture),
            ["calibrationWindowLength"] = set.WindowLength.ToString(CultureInfo.InvariantCulture),
            ["seed"] = request.Seed.ToString(CultureInfo.InvariantCulture),
        };
        return new(recipe.Name, settings) { Findings = outcome.Findings };
    }
}
