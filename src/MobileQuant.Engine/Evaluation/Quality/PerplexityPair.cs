using System.Text.Json.Serialization;

namespace MobileQuant.Evaluation.Quality;

/// <summary>Perplexities of one text in float and in integers.</summary>
/// <param name="Reference">Of the checkpoint.</param>
/// <param name="Quantized">Of the integer runtime.</param>
/// <param name="Window">Tokens per window.</param>
/// <param name="Tokens">Tokens that were scored.</param>
public sealed record PerplexityPair(double Reference, double Quantized, int Window, long Tokens)
{
    /// <summary>By what share the quantized one is higher: 0.1 is 10 %; negative where it is lower.</summary>
    [JsonIgnore]
    public double Increase => (Quantized - Reference) / Reference;
}
