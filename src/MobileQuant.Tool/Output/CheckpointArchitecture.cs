using MobileQuant.Modeling;

namespace MobileQuant.Tool.Output;

/// <summary>The decoder that a checkpoint is for, as <c>inspect --json</c> prints it.</summary>
internal sealed record CheckpointArchitecture(
    string Family,
    long Parameters,
    int Layers,
    int Hidden,
    int Heads,
    int KeyValueHeads,
    int HeadSize,
    int FeedForward,
    int Vocabulary,
    int Context,
    string Norm,
    double NormEpsilon,
    string Activation,
    bool GatedMlp,
    double RotaryBase,
    int RotatedChannels,
    string RotaryScaling,
    double RotaryFactor,
    IReadOnlyList<string> Biased,
    bool TiedEmbeddings,
    double EmbeddingScale,
    int? BeginToken,
    IReadOnlyList<int> EndTokens)
{
    public static CheckpointArchitecture Of(DecoderArchitecture a) => new(
        a.Family,
        a.ParameterCount,
        a.LayerCount,
        a.HiddenSize,
        a.HeadCount,
        a.KeyValueHeadCount,
        a.HeadSize,
        a.FeedForwardSize,
        a.VocabularySize,
        a.ContextLength,
        a.Norm.ToString(),
        a.NormEpsilon,
        a.Activation.ToString(),
        a.GatedMlp,
        a.Rotary.Base,
        a.Rotary.RotatedSize(a.HeadSize),
        a.Rotary.Scaling.ToString(),
        a.Rotary.Factor,
        [.. a.Biased.Select(kind => kind.ToString())],
        a.TiedEmbeddings,
        a.EmbeddingScale,
        a.BeginToken,
        a.EndTokens);
}
