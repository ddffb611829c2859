namespace MobileQuant.Modeling;

/// <summary>
/// Everything that tells one decoder-only transformer from another, apart from its weights. The float model, the sites,
/// the transformations and the lowering are driven by these values alone; a new family is new values.
/// </summary>
public sealed record DecoderArchitecture
{
    /// <summary>The family's name as config.json spells it, for people: llama.</summary>
    public required string Family { get; init; }

    /// <summary>Number of decoder layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key and value heads; divides <see cref="HeadCount"/>.</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary>Channels of one head; even.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Width of the MLP.</summary>
    public required int FeedForwardSize { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Most positions.</summary>
    public required int ContextLength { get; init; }

    /// <summary>All norms of the model.</summary>
    public NormKind Norm { get; init; }

    /// <summary>Added to the mean square (or variance).</summary>
    public required double NormEpsilon { get; init; }

    /// <summary>The MLP's non-linearity.</summary>
    public ActivationKind Activation { get; init; }

    /// <summary>True: down(act(gate(x)) * up(x)); false: down(act(up(x))).</summary>
    public bool GatedMlp { get; init; } = true;

    /// <summary>Rotary position embedding.</summary>
    public RotarySettings Rotary { get; init; } = new();

    /// <summary>The linear layers that have a bias.</summary>
    public IReadOnlyList<LinearKind> Biased { get; init; } = [];

    /// <summary>True: the head's weight is the embedding.</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>Factor on embedding rows.</summary>
    public double EmbeddingScale { get; init; } = 1;

    /// <summary>Token that opens a text, or null when config.json names none.</summary>
    public int? BeginToken { get; init; }

    /// <summary>Tokens that end a text.</summary>
    public IReadOnlyList<int> EndTokens { get; init; } = [];

    /// <summary>Query heads that share a key and value head.</summary>
    public int GroupSize => HeadCount / KeyValueHeadCount;

    /// <summary>The linear layers of each decoder layer, in order of use.</summary>
    public IReadOnlyList<LinearKind> Linears => GatedMlp
        ? [LinearKind.Query, LinearKind.Key, LinearKind.Value, LinearKind.Output, LinearKind.Gate, LinearKind.Up, LinearKind.Down]
        : [LinearKind.Query, LinearKind.Key, LinearKind.Value, LinearKind.Output, LinearKind.Up, LinearKind.Down];

    /// <summary>Length of an input row of a linear layer.</summary>
    /// <param name="kind">The layer.</param>
    /// <returns>Columns of its weight.</returns>
    public int InputSize(LinearKind kind) => kind switch
    {
        LinearKind.Output => HeadCount * HeadSize,
        LinearKind.Down => FeedForwardSize,
        _ => HiddenSize,
    };

    /// <summary>Length of an output row of a linear layer.</summary>
    /// <param name="kind">The layer.</param>
    /// <returns>Rows of its weight.</returns>
    public int OutputSize(LinearKind kind) => kind switch
    {
        LinearKind.Query => HeadCount * HeadSize,
        LinearKind.Key or LinearKind.Value => KeyValueHeadCount * HeadSize,
        LinearKind.Gate or LinearKind.Up => FeedForwardSize,
        _ => HiddenSize,
    };

    /// <summary>Number of weights and biases, a tied embedding counted once.</summary>
    public long ParameterCount
    {
        get
        {
            long norm = Norm == NormKind.Layer ? 2L * HiddenSize : HiddenSize;
            long layer = 2 * norm;
            foreach (LinearKind kind in Linears)
            {
                layer += (long)InputSize(kind) * OutputSize(kind);
                layer += Biased.Contains(kind) ? OutputSize(kind) : 0;
            }

            long embedding = (long)VocabularySize * HiddenSize;
            return (LayerCount * layer) + norm + (TiedEmbeddings ? embedding : 2 * embedding);
        }
    }
}
