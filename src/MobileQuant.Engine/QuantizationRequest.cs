using MobileQuant.Caching;
using MobileQuant.Caching.Remote;
using MobileQuant.Evaluation.Quality;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Rounding;

namespace MobileQuant;

/// <summary>Everything that decides what a quantization produces, plus where it goes. Names and defaults match the item metadata.</summary>
public sealed record QuantizationRequest
{
    /// <summary>A Hugging Face checkpoint folder, a GGUF file, or a package that carries one of them or an artifact: <c>package:Id/Version</c>.</summary>
    public required string CheckpointPath { get; init; }

    /// <summary>The artifact to write, conventionally NAME.mq.safetensors.</summary>
    public required string OutputPath { get; init; }

    /// <summary>A name of <see cref="RecipeCatalog.Names"/>, in any case.</summary>
    public string Recipe { get; init; } = RecipeCatalog.Auto;

    /// <summary>Weight and activation widths.</summary>
    public Precision Precision { get; init; } = Precision.W8A8;

    /// <summary>Where activation scales come from.</summary>
    public ActivationMode Activations { get; init; } = ActivationMode.Token;

    /// <summary>What the result is for: searches and learning simulate what it loses there. Only cpu can be written down so far.</summary>
    public QuantizationTarget Target { get; init; }

    /// <summary>Grid of the weights.</summary>
    public WeightSymmetry Weights { get; init; } = WeightSymmetry.Default;

    /// <summary>How many weights share a scale.</summary>
    public WeightGranularity Granularity { get; init; } = WeightGranularity.Channel;

    /// <summary>Linear layers with other weight widths than <see cref="Precision"/>.</summary>
    public WeightOverrides Overrides { get; init; } = WeightOverrides.None;

    /// <summary>What is changed of the recipe's own settings; recipes that learn nothing take none.</summary>
    public RecipeSettings Settings { get; init; } = RecipeSettings.None;

    /// <summary>Smoothing strength in (0, 1), or null to search it on calibration windows.</summary>
    public double? Alpha { get; init; }

    /// <summary>Which inputs of linear layers keep 16 bits under static activations.</summary>
    public WideSites WideSites { get; init; } = WideSites.Auto;

    /// <summary>Tokens that every session starts behind, under static activations.</summary>
    public SinkPrefix Prefix { get; init; } = SinkPrefix.None;

    /// <summary>How weights come onto their grid.</summary>
    public RoundingMode Rounding { get; init; } = RoundingMode.Default;

    /// <summary>Calibration texts (.txt or .jsonl with a field <c>text</c>), globs allowed; empty: text sampled from the model itself.</summary>
    public IReadOnlyList<string> Calibration { get; init; } = [];

    /// <summary>The folder that relative calibration paths start from; null: the current folder.</summary>
    public string? BaseDirectory { get; init; }

    /// <summary>
    /// A text that the artifact is measured on against the float checkpoint once it is made; null: none. Relative to
    /// <see cref="BaseDirectory"/>. Neither this nor <see cref="Limits"/> decides what is made.
    /// </summary>
    public string? EvaluationText { get; init; }

    /// <summary>What the artifact must keep; one that does not is an error and never becomes the output.</summary>
    public QualityLimits Limits { get; init; } = QualityLimits.None;

    /// <summary>Seed of everything random.</summary>
    public int Seed { get; init; } = 1337;

    /// <summary>Threads for calibration; 0: all cores. Never changes the result.</summary>
    public int Threads { get; init; }

    /// <summary>The content store; null: the user's default place.</summary>
    public string? CacheDirectory { get; init; }

    /// <summary>False: neither read nor write the store.</summary>
    public bool UseCache { get; init; } = true;

    /// <summary>True: quantize even when the store has the result.</summary>
    public bool Force { get; init; }

    /// <summary>
    /// The cache that machines share, asked when the store has nothing: <c>redis://host:port/database</c>, <c>rediss://</c>,
    /// <c>file:///folder</c> or an absolute path, without a password; null: that of the environment variable MOBILEQUANT_REMOTE_CACHE,
    /// if there is one. It is a tier behind the store, so without the store it is not used.
    /// </summary>
    public string? RemoteCache { get; init; }

    /// <summary>The same, where it is none of those: comes before <see cref="RemoteCache"/>, and stays the caller's to dispose.</summary>
    public IRemoteStore? RemoteStore { get; init; }

    /// <summary>True: the remote cache is read only; nothing is published, and no other machine waits for this one.</summary>
    public bool RemoteCacheReadOnly { get; init; }

    /// <summary>True: what is neither in the store nor in the remote cache is an error instead of being made.</summary>
    public bool RequireCached { get; init; }

    /// <summary>True: the network is not used, neither for the remote cache nor to fetch libtorch.</summary>
    public bool Offline { get; init; }

    /// <summary>Where learning saves how far it is, and goes on from; null: nowhere.</summary>
    internal string? LearningStatePath { get; init; }
}

/// <summary>What a quantization did.</summary>
/// <param name="OutputPath">The artifact, absolute.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Elapsed">Wall time of the whole job.</param>
/// <param name="PeakMemoryBytes">Largest resident set of the process.</param>
/// <param name="CacheHit">True when the artifact came from the store or the remote cache.</param>
/// <param name="Fingerprint">The content key, 64 hex digits.</param>
/// <param name="MissReason">Why neither had it, against its nearest entry; null on a hit.</param>
public sealed record QuantizationResult(
    string OutputPath,
    long Bytes,
    TimeSpan Elapsed,
    long PeakMemoryBytes,
    bool CacheHit,
    string Fingerprint,
    string? MissReason)
{
    /// <summary>Where it came from; null: it was made.</summary>
    public ArtifactSource? From { get; init; }

    /// <summary>The checkpoint, absolute: where a package was named, the one that it carries; null where that was an artifact.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>How good it is, where that was asked for: by limits or by an evaluation text.</summary>
    public QualityMeasurement? Quality { get; init; }
}

/// <summary>Something that a job tells while it runs.</summary>
public abstract record QuantizationEvent
{
    /// <summary>A step began or advanced.</summary>
    /// <param name="Step">Stable name: fingerprint, wait, load, rotate, calibrate, search, sensitivity, range, wide, prefix, learn, round, lower, write, copy, fetch, publish, evaluate.</param>
    /// <param name="Text">For people.</param>
    /// <param name="Done">Units done in this step.</param>
    /// <param name="Total">Units in this step; 0 when not countable.</param>
    public sealed record Progress(string Step, string Text, long Done, long Total) : QuantizationEvent;

    /// <summary>A fact worth a line, such as «calibrating on text sampled from the model».</summary>
    /// <param name="Text">For people.</param>
    public sealed record Message(string Text) : QuantizationEvent;

    /// <summary>All that decides the result is known, and with it the key that stores are asked for.</summary>
    /// <param name="Fingerprint">The key and its entries.</param>
    public sealed record Fingerprinted(Fingerprint Fingerprint) : QuantizationEvent;

    /// <summary>Something wrong that does not stop the job.</summary>
    /// <param name="Code">MQ code.</param>
    /// <param name="Text">For people.</param>
    public sealed record Warning(string Code, string Text) : QuantizationEvent;
}
