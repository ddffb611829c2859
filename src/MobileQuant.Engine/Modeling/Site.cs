namespace MobileQuant.Modeling;

/// <summary>A named place in the graph, such as <c>layers.3.mlp.down.input</c>. Recipes, reports and overrides use these names.</summary>
/// <param name="Layer">The decoder layer, or -1 for places outside of the layers.</param>
/// <param name="Kind">Which place.</param>
public readonly record struct Site(int Layer, SiteKind Kind)
{
    /// <summary>A place outside of the layers.</summary>
    /// <param name="kind">EmbeddingOutput, HeadInput or HeadOutput.</param>
    public Site(SiteKind kind)
        : this(-1, kind)
    {
    }

    /// <summary>Whether the site has one range per KV head.</summary>
    public bool IsPerHead => Kind is SiteKind.KeyCache or SiteKind.ValueCache;

    /// <summary>Whether linear layers of a decoder layer read it.</summary>
    public bool IsLinearInput => Kind is SiteKind.AttentionInput or SiteKind.OutputInput or SiteKind.MlpInput or SiteKind.DownInput;

    /// <summary>Whether it lies inside of what the CPU runtime computes in one piece (norm, attention, activation); only NPUs quantize there.</summary>
    public bool IsInner => Kind is SiteKind.AttentionNormInput or SiteKind.Scores or SiteKind.Probabilities
        or SiteKind.MlpNormInput or SiteKind.ActivationSigmoid or SiteKind.ActivationOutput;

    /// <summary>The site that a linear layer reads.</summary>
    /// <param name="layer">The decoder layer.</param>
    /// <param name="kind">The linear layer.</param>
    /// <returns>Its input.</returns>
    public static Site InputOf(int layer, LinearKind kind) => new(layer, kind switch
    {
        LinearKind.Query or LinearKind.Key or LinearKind.Value => SiteKind.AttentionInput,
        LinearKind.Output => SiteKind.OutputInput,
        LinearKind.Gate or LinearKind.Up => SiteKind.MlpInput,
        _ => SiteKind.DownInput,
    });

    /// <summary>The sites of a decoder, in order of computation.</summary>
    /// <param name="architecture">The decoder.</param>
    /// <param name="inner">Whether to include <see cref="IsInner">inner sites</see>.</param>
    /// <returns>The sites.</returns>
    public static IEnumerable<Site> Enumerate(DecoderArchitecture architecture, bool inner = false)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        yield return new(SiteKind.EmbeddingOutput);
        for (int layer = 0; layer < architecture.LayerCount; layer++)
        {
            for (SiteKind kind = SiteKind.AttentionNormInput; kind <= SiteKind.DownOutput; kind++)
            {
                Site site = new(layer, kind);
                if (IsIn(architecture, kind) && (inner || !site.IsInner))
                {
                    yield return site;
                }
            }
        }

        yield return new(SiteKind.HeadInput);
        yield return new(SiteKind.HeadOutput);
    }

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        SiteKind.EmbeddingOutput => "embedding.output",
        SiteKind.HeadInput => "head.input",
        SiteKind.HeadOutput => "head.output",
        _ => $"layers.{Layer}.{LayerName}",
    };

    private static bool IsIn(DecoderArchitecture architecture, SiteKind kind) => kind switch
    {
        SiteKind.GateOutput or SiteKind.ActivationOutput => architecture.GatedMlp,
        SiteKind.ActivationSigmoid => architecture.Activation == ActivationKind.Silu,
        _ => true,
    };

    private string LayerName => Kind switch
    {
        SiteKind.AttentionNormInput => "attention.norm.input",
        SiteKind.AttentionInput => "attention.input",
        SiteKind.QueryOutput => "attention.q.output",
        SiteKind.KeyOutput => "attention.k.output",
        SiteKind.ValueOutput => "attention.v.output",
        SiteKind.QueryRotated => "attention.q.rotated",
        SiteKind.KeyRotated => "attention.k.rotated",
        SiteKind.KeyCache => "attention.k.cache",
        SiteKind.ValueCache => "attention.v.cache",
        SiteKind.Scores => "attention.scores",
        SiteKind.Probabilities => "attention.probabilities",
        SiteKind.OutputInput => "attention.o.input",
        SiteKind.OutputOutput => "attention.o.output",
        SiteKind.MlpNormInput => "mlp.norm.input",
        SiteKind.MlpInput => "mlp.input",
        SiteKind.GateOutput => "mlp.gate.output",
        SiteKind.UpOutput => "mlp.up.output",
        SiteKind.ActivationSigmoid => "mlp.activation.sigmoid",
        SiteKind.ActivationOutput => "mlp.activation.output",
        SiteKind.DownInput => "mlp.down.input",
        SiteKind.DownOutput => "mlp.down.output",
        SiteKind.LayerOutput => "output",
        _ => throw new InvalidOperationException($"{Kind} is not inside a layer"),
    };
}
