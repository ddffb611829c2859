namespace MobileQuant.Evaluation;

/// <summary>What is measured on which text.</summary>
/// <param name="Protocol">How.</param>
/// <param name="TextPath">The file.</param>
/// <param name="Window">Tokens per window of <see cref="EvaluationProtocol.Perplexity"/>, 512 unless given, and most of <see cref="EvaluationProtocol.Wikitext"/>, the context unless given; at most the context.</param>
/// <param name="Limit">Most windows, pages, lines or questions; null: all.</param>
public sealed record TextMeasure(EvaluationProtocol Protocol, string TextPath, int? Window = null, int? Limit = null)
{
    /// <summary>Checks it, before a model is opened for it.</summary>
    /// <exception cref="MobileQuantException">MQ1003: a limit below 1; MQ1009: there is no such file.</exception>
    public void Validate()
    {
        if (Limit is < 1)
        {
            throw new MobileQuantException("MQ1003", $"The limit is {Limit}; expected 1 or more.", "Leave it out to use the whole text.");
        }

        if (!File.Exists(TextPath))
        {
            throw new MobileQuantException("MQ1009", $"The text {TextPath} does not exist.", "Correct the path.");
        }
    }
}
