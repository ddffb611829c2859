using MobileQuant.Torch;
using TorchSharp;
using F = TorchSharp.torch.nn.functional;

namespace MobileQuant.Modeling;

/// <summary>
/// The one float32 decoder: what it computes is decided by <see cref="DecoderArchitecture"/> alone. Every place where a tensor
/// may be observed or quantized passes through an <see cref="ISiteTap"/>.
/// </summary>
public sealed class DecoderModel : IDisposable
{
    private const int QueriesPerBlock = 512;

    /// <summary>16 MiB of scores: freshly mapped pages of larger ones would cost more than the products.</summary>
    private const long ScoresPerBlock = 1 << 22;

    /// <summary>
    /// 4 MiB of scores for each sequence: single windows then ask for no block that is larger than the weights' temporaries, and a
    /// heap that keeps freed blocks grows by a third as much.
    /// </summary>
    private const long ScoresPerSequence = 1 << 20;

    private const long FewestQueries = 16;

    private readonly bool _ownsWeights;
    private RotaryTable? _rotary;

    /// <summary>Creates a model over weights.</summary>
    /// <param name="architecture">What to compute.</param>
    /// <param name="weights">With what.</param>
    /// <param name="ownsWeights">Whether disposing the model disposes the weights.</param>
    public DecoderModel(DecoderArchitecture architecture, DecoderWeights weights, bool ownsWeights = false)
    {
        Architecture = architecture;
        Weights = weights;
        InverseFrequencies = architecture.Rotary.InverseFrequencies(architecture.HeadSize);
        _ownsWeights = ownsWeights;
    }

    /// <summary>What is computed.</summary>
    public DecoderArchitecture Architecture { get; }

    /// <summary>The parameters.</summary>
    public DecoderWeights Weights { get; }

    /// <summary>
    /// Tokens that every sequence starts behind: their keys and values are computed in float from the weights as they are, pass
    /// the tap of the cache's sites with those of the sequence, and take the first positions. Empty for the model as it is.
    /// </summary>
    public IReadOnlyList<int> Prefix { get; set; } = [];

    /// <summary>
    /// Whether attention runs as one operation: less memory and time, above all with gradients, and other last digits.
    /// </summary>
    internal bool FusesAttention { get; init; }

    /// <summary>The parameters where passes read them: on another device a copy, made again once <see cref="Weights"/> changed.</summary>
    internal DecoderWeights Placed => Weights.Placed();

    private static torch.Device Device => ComputeDevice.Current;

    /// <summary>Rotary frequencies; replaced where a reference used others than the architecture's.</summary>
    internal double[] InverseFrequencies { get; init; }

    /// <summary>Runs the decoder with its head.</summary>
    /// <param name="ids">int64 [batch, tokens].</param>
    /// <param name="tap">Called at every site, or null.</param>
    /// <param name="cache">Earlier positions, extended by these; null: the sequence starts here.</param>
    /// <param name="hiddenStates">Whether to keep the residual stream between layers.</param>
    /// <returns>Logits and hidden states, detached from any dispose scope.</returns>
    public DecoderOutput Forward(torch.Tensor ids, ISiteTap? tap = null, KeyValueCache? cache = null, bool hiddenStates = false)
    {
        List<torch.Tensor> states = [];
        torch.Tensor hidden = ForwardHidden(ids, tap, cache, hiddenStates ? states : null);
        torch.Tensor logits = ComputeLogits(hidden, tap);
        if (hiddenStates)
        {
            states.Add(hidden);
        }
        else
        {
            hidden.Dispose();
        }

        return new(logits, states);
    }

    /// <summary>Runs the decoder up to the final norm.</summary>
    /// <param name="ids">int64 [batch, tokens].</param>
    /// <param name="tap">Called at every site before the head, or null.</param>
    /// <param name="cache">Earlier positions, extended by these; null: the sequence starts here.</param>
    /// <param name="states">Receives the residual stream before each layer, or null.</param>
    /// <returns>Input of the head, float32 [batch, tokens, hidden], detached from any dispose scope.</returns>
    public torch.Tensor ForwardHidden(torch.Tensor ids, ISiteTap? tap = null, KeyValueCache? cache = null, ICollection<torch.Tensor>? states = null)
    {
        ArgumentNullException.ThrowIfNull(ids);
        using IDisposable noGradient = torch.no_grad();
        using KeyValueCache? prefix = cache is { Length: > 0 } ? null : ComputePrefix();
        return Run(ids, tap, cache, prefix, states);
    }

    /// <summary>Keys and values of the prefix from the weights as they are, in float; null when there is none.</summary>
    /// <returns>A cache of one sequence, for the caller to dispose.</returns>
    internal KeyValueCache? ComputePrefix()
    {
        if (Prefix.Count == 0)
        {
            return null;
        }

        KeyValueCache cache = new(Architecture, 1, Prefix.Count);
        using torch.Tensor ids = TokenTensor.Of([.. Prefix]);
        Run(ids, null, cache, null, null).Dispose();
        return cache;
    }

    /// <summary>Runs some layers on a residual stream that is known.</summary>
    /// <param name="first">The first layer.</param>
    /// <param name="end">The layer to stop before.</param>
    /// <param name="x">Residual stream before <paramref name="first"/>, [batch, tokens, hidden]; kept.</param>
    /// <param name="tap">Called at the sites of these layers, or null.</param>
    /// <param name="prefix">From <see cref="ComputePrefix"/>, or null.</param>
    /// <returns>The residual stream behind them, detached from any dispose scope.</returns>
    internal torch.Tensor RunLayers(int first, int end, torch.Tensor x, ISiteTap? tap, KeyValueCache? prefix)
    {
        using IDisposable noGradient = torch.no_grad();
        int start = prefix?.Length ?? 0;
        RotaryTable rotary = RotaryFor(start + checked((int)x.shape[1]));
        torch.Tensor current = x.alias().DetachFromDisposeScope();
        for (int layer = first; layer < end; layer++)
        {
            torch.Tensor before = current;
            using (DisposeScope inner = torch.NewDisposeScope())
            {
                current = Layer(layer, before, rotary, start, tap, null, prefix).DetachFromDisposeScope();
            }

            before.Dispose();
        }

        return current;
    }

    /// <summary>The final norm.</summary>
    /// <param name="x">The residual stream behind the last layer.</param>
    /// <returns>Input of the head, detached from any dispose scope.</returns>
    internal torch.Tensor FinalNorm(torch.Tensor x)
    {
        using IDisposable noGradient = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        return Norm(Placed.FinalNorm, x).DetachFromDisposeScope();
    }

    /// <summary>Runs the head.</summary>
    /// <param name="hidden">Output of the final norm, float32 [..., hidden].</param>
    /// <param name="tap">Called for the head's weight and output, or null.</param>
    /// <returns>Logits, float32 [..., vocabulary], detached from any dispose scope.</returns>
    public torch.Tensor ComputeLogits(torch.Tensor hidden, ISiteTap? tap = null)
    {
        using IDisposable noGradient = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor weight = tap is null ? Placed.Head : tap.ApplyHead(Placed.Head);
        return At(tap, new(SiteKind.HeadOutput), F.linear(hidden, weight)).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rotary?.Dispose();
        _rotary = null;
        if (_ownsWeights)
        {
            Weights.Dispose();
        }
    }

    // The pieces of a pass, in order of use, for steps that work layer by layer. What they return belongs to the open dispose scope.

    /// <summary>Embedding rows, [batch, tokens, hidden].</summary>
    internal torch.Tensor Embed(torch.Tensor ids, ISiteTap? tap)
    {
        torch.Tensor x = Placed.Embedding.index_select(0, ids.On(Device).reshape(-1)).view(ids.shape[0], ids.shape[1], Architecture.HiddenSize);
        return At(tap, new(SiteKind.EmbeddingOutput), Architecture.EmbeddingScale == 1 ? x : x.Times(Architecture.EmbeddingScale));
    }

    /// <summary>What q, k and v read.</summary>
    internal torch.Tensor AttentionInput(int layer, torch.Tensor x, ISiteTap? tap) =>
        LayerNorm(new(layer, SiteKind.AttentionNormInput), new(layer, SiteKind.AttentionInput), Placed.Layers[layer].AttentionNorm, x, tap);

    /// <summary>What o reads, for sequences that start behind a prefix, or at position 0 where it is null.</summary>
    internal torch.Tensor OutputInput(int layer, torch.Tensor attentionInput, ISiteTap? tap, KeyValueCache? prefix)
    {
        int start = prefix?.Length ?? 0;
        return Attention(layer, attentionInput, RotaryFor(start + checked((int)attentionInput.shape[1])), start, tap, null, prefix);
    }

    /// <summary>The residual stream after the attention branch.</summary>
    internal torch.Tensor AddAttention(int layer, torch.Tensor x, torch.Tensor outputInput, ISiteTap? tap) =>
        x + At(tap, new(layer, SiteKind.OutputOutput), Linear(outputInput, layer, LinearKind.Output, tap));

    /// <summary>What gate and up read.</summary>
    internal torch.Tensor MlpInput(int layer, torch.Tensor x, ISiteTap? tap) =>
        LayerNorm(new(layer, SiteKind.MlpNormInput), new(layer, SiteKind.MlpInput), Placed.Layers[layer].MlpNorm, x, tap);

    /// <summary>What down reads.</summary>
    internal torch.Tensor DownInput(int layer, torch.Tensor mlpInput, ISiteTap? tap) =>
        At(tap, new(layer, SiteKind.DownInput), Mlp(layer, mlpInput, tap));

    /// <summary>The residual stream after the MLP branch.</summary>
    internal torch.Tensor AddMlp(int layer, torch.Tensor x, torch.Tensor downInput, ISiteTap? tap) =>
        x + At(tap, new(layer, SiteKind.DownOutput), Linear(downInput, layer, LinearKind.Down, tap));

    /// <summary>One layer, through which gradients go where they are asked for.</summary>
    internal torch.Tensor RunLayer(int layer, torch.Tensor x, ISiteTap? tap, KeyValueCache? prefix)
    {
        int start = prefix?.Length ?? 0;
        return Layer(layer, x, RotaryFor(start + checked((int)x.shape[1])), start, tap, null, prefix);
    }

    /// <summary>What the head reads.</summary>
    internal torch.Tensor HeadInput(torch.Tensor x, ISiteTap? tap) => At(tap, new(SiteKind.HeadInput), Norm(Placed.FinalNorm, x));

    private torch.Tensor Run(torch.Tensor ids, ISiteTap? tap, KeyValueCache? cache, KeyValueCache? prefix, ICollection<torch.Tensor>? states)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        int start = prefix?.Length ?? cache?.Length ?? 0;
        int tokens = checked((int)ids.shape[1]);
        RotaryTable rotary = RotaryFor(start + tokens);
        torch.Tensor x = Embed(ids, tap);
        for (int layer = 0; layer < Architecture.LayerCount; layer++)
        {
            states?.Add(x.alias().DetachFromDisposeScope());

            // One scope per layer keeps the peak at one layer's temporaries.
            torch.Tensor before = x;
            using (DisposeScope inner = torch.NewDisposeScope())
            {
                x = Layer(layer, x, rotary, start, tap, cache, prefix).MoveToOuterDisposeScope();
            }

            before.Dispose();
        }

        cache?.Advance(tokens + (prefix?.Length ?? 0));
        return HeadInput(x, tap).DetachFromDisposeScope();
    }

    private static torch.Tensor Behind(torch.Tensor prefix, torch.Tensor x) => torch.cat([prefix.expand(x.shape[0], -1, -1, -1), x], 2);

    private static torch.Tensor At(ISiteTap? tap, Site site, torch.Tensor value) => tap is null ? value : tap.Apply(site, value);

    private static torch.Tensor Inside(ISiteTap? tap, Site site, torch.Tensor value) => tap is { SeesInnerSites: true } ? tap.Apply(site, value) : value;

    private torch.Tensor Linear(torch.Tensor x, int layer, LinearKind kind, ISiteTap? tap)
    {
        LinearWeights linear = Placed.Layers[layer][kind];
        return F.linear(x, tap is null ? linear.Weight : tap.ApplyWeight(layer, kind, linear.Weight), linear.Bias);
    }

    private torch.Tensor Layer(int layer, torch.Tensor x, RotaryTable rotary, int start, ISiteTap? tap, KeyValueCache? cache, KeyValueCache? prefix)
    {
        torch.Tensor h = AddAttention(layer, x, Attention(layer, AttentionInput(layer, x, tap), rotary, start, tap, cache, prefix), tap);
        return AddMlp(layer, h, DownInput(layer, MlpInput(layer, h, tap), tap), tap);
    }

    private torch.Tensor Attention(int layer, torch.Tensor x, RotaryTable rotary, int start, ISiteTap? tap, KeyValueCache? cache, KeyValueCache? prefix)
    {
        torch.Tensor q = Heads(At(tap, new(layer, SiteKind.QueryOutput), Linear(x, layer, LinearKind.Query, tap)), Architecture.HeadCount);
        torch.Tensor k = Heads(At(tap, new(layer, SiteKind.KeyOutput), Linear(x, layer, LinearKind.Key, tap)), Architecture.KeyValueHeadCount);
        torch.Tensor v = Heads(At(tap, new(layer, SiteKind.ValueOutput), Linear(x, layer, LinearKind.Value, tap)), Architecture.KeyValueHeadCount);
        q = At(tap, new(layer, SiteKind.QueryRotated), rotary.Apply(q, start));
        k = At(tap, new(layer, SiteKind.KeyRotated), rotary.Apply(k, start));
        if (prefix is not null)
        {
            (torch.Tensor keys, torch.Tensor values) = prefix.Filled(layer);
            k = Behind(keys, k);
            v = Behind(values, v);
        }

        k = At(tap, new(layer, SiteKind.KeyCache), k);
        v = At(tap, new(layer, SiteKind.ValueCache), v);
        if (cache is not null)
        {
            (k, v) = cache.Append(layer, k, v);
        }

        torch.Tensor mixed = Mix(layer, q, k, v, start, tap);
        return At(tap, new(layer, SiteKind.OutputInput), mixed.transpose(1, 2).reshape(x.shape[0], x.shape[1], Architecture.HeadCount * Architecture.HeadSize));
    }

    // Long sequences go through in blocks of queries, each against the keys that it may see: scores stay small, and the half of
    // them that the mask would drop is never computed.
    private torch.Tensor Mix(int layer, torch.Tensor q, torch.Tensor k, torch.Tensor v, int start, ISiteTap? tap)
    {
        long tokens = q.shape[2];
        if (FusesAttention)
        {
            return MixFused(q, k, v, start);
        }

        long scores = Math.Min(ScoresPerBlock, q.shape[0] * ScoresPerSequence);
        long queries = scores / (q.shape[0] * q.shape[1] * k.shape[2]) / FewestQueries * FewestQueries;
        queries = Math.Clamp(queries, FewestQueries, QueriesPerBlock);
        if (tokens <= queries)
        {
            return MixBlock(layer, q, k, v, start, tap);
        }

        torch.Tensor mixed = torch.empty_like(q);
        for (long first = 0; first < tokens; first += queries)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            long count = Math.Min(queries, tokens - first);
            long seen = start + first + count;
            mixed.narrow(2, first, count).copy_(MixBlock(layer, q.narrow(2, first, count), k.narrow(2, 0, seen), v.narrow(2, 0, seen), start + (int)first, tap));
        }

        return mixed;
    }

    private torch.Tensor MixFused(torch.Tensor q, torch.Tensor k, torch.Tensor v, int start)
    {
        torch.Tensor Repeated(torch.Tensor heads) => Architecture.GroupSize == 1 ? heads : heads.repeat_interleave(Architecture.GroupSize, 1);
        torch.Tensor? mask = start == 0 ? null : torch.ones(q.shape[2], k.shape[2], torch.@bool, Device).tril(start);
        return F.scaled_dot_product_attention(q, Repeated(k), Repeated(v), mask, 0, mask is null);
    }

    // The query heads of a group are laid out as extra rows of their shared key head, so that keys and values are never repeated.
    private torch.Tensor MixBlock(int layer, torch.Tensor q, torch.Tensor k, torch.Tensor v, int start, ISiteTap? tap)
    {
        long batch = q.shape[0];
        long tokens = q.shape[2];
        long positions = k.shape[2];
        torch.Tensor grouped = q.reshape(batch, Architecture.KeyValueHeadCount, Architecture.GroupSize * tokens, Architecture.HeadSize);
        torch.Tensor scores = torch.matmul(grouped, k.transpose(2, 3));
        torch.Tensor? mask = tokens > 1 ? torch.ones(tokens, positions, torch.@bool, Device).triu(start + 1) : null;
        void Mask(double value)
        {
            if (mask is not null)
            {
                scores.view(batch, Architecture.KeyValueHeadCount, Architecture.GroupSize, tokens, positions).FillWhere(mask, value);
            }
        }

        if (tap is { SeesInnerSites: true })
        {
            // Scores of later positions are never used: they must not widen a range.
            Mask(0);
            scores = tap.Apply(new(layer, SiteKind.Scores), scores);
        }

        scores.Scale(1 / Math.Sqrt(Architecture.HeadSize));
        Mask(double.NegativeInfinity);
        torch.Tensor probabilities = Inside(tap, new(layer, SiteKind.Probabilities), scores.softmax(-1));
        scores.Dispose();
        return torch.matmul(probabilities, v).reshape(batch, Architecture.HeadCount, tokens, Architecture.HeadSize);
    }

    private torch.Tensor Mlp(int layer, torch.Tensor x, ISiteTap? tap)
    {
        torch.Tensor up = At(tap, new(layer, SiteKind.UpOutput), Linear(x, layer, LinearKind.Up, tap));
        return Architecture.GatedMlp
            ? Inside(tap, new(layer, SiteKind.ActivationOutput), Activate(layer, At(tap, new(layer, SiteKind.GateOutput), Linear(x, layer, LinearKind.Gate, tap)), tap)) * up
            : Activate(layer, up, tap);
    }

    private torch.Tensor Activate(int layer, torch.Tensor x, ISiteTap? tap) => Architecture.Activation switch
    {
        ActivationKind.Silu when tap is { SeesInnerSites: true } => x * tap.Apply(new(layer, SiteKind.ActivationSigmoid), x.sigmoid()),
        ActivationKind.Silu => F.silu(x),
        ActivationKind.GeluTanh => x.Times(0.5) * (x + (x * x * x).Times(0.044715)).Times(Math.Sqrt(2 / Math.PI)).tanh().Plus(1),
        ActivationKind.GeluErf => F.gelu(x),
        _ => throw new InvalidOperationException($"unknown activation {Architecture.Activation}"),
    };

    private torch.Tensor LayerNorm(Site input, Site output, NormWeights norm, torch.Tensor x, ISiteTap? tap) =>
        At(tap, output, Norm(norm, Inside(tap, input, x), tap is { SeesInnerSites: true } ? gain => tap.ApplyGain(output, gain) : null));

    private torch.Tensor Norm(NormWeights norm, torch.Tensor x, Func<torch.Tensor, torch.Tensor>? round = null)
    {
        torch.Tensor gain = Architecture.Norm == NormKind.RmsGainPlusOne ? norm.Gain.Plus(1) : norm.Gain;
        gain = round is null ? gain : round(gain);
        if (Architecture.Norm == NormKind.Layer)
        {
            // Gain and bias apart: the gradients that libtorch's own norm has for them are summed in as many parts as there are threads.
            torch.Tensor scaled = F.layer_norm(x, [Architecture.HiddenSize], null, null, Architecture.NormEpsilon) * gain;
            return norm.Bias is null ? scaled : scaled + norm.Bias;
        }

        return x * x.square().mean([-1], keepdim: true).Plus(Architecture.NormEpsilon).rsqrt() * gain;
    }

    private torch.Tensor Heads(torch.Tensor x, int heads) => x.view(x.shape[0], x.shape[1], heads, Architecture.HeadSize).transpose(1, 2);

    private RotaryTable RotaryFor(int positions)
    {
        if (_rotary is null || _rotary.Positions < positions)
        {
            _rotary?.Dispose();
            _rotary = new(Architecture, InverseFrequencies, Math.Max(positions, Math.Min(Architecture.ContextLength, 2 * positions)));
        }

        return _rotary;
    }
}
