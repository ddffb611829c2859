namespace MobileQuant.Evaluation;

/// <summary>What is measured.</summary>
public enum EvaluationProtocol
{
    /// <summary>Perplexity over windows of a text.</summary>
    Perplexity,

    /// <summary>Word perplexity of a raw WikiText file, by documents.</summary>
    Wikitext,

    /// <summary>Accuracy of the last token of each line of a .jsonl file.</summary>
    Lambada,

    /// <summary>Accuracy of choosing among the answers of each line of a .jsonl file.</summary>
    Choice,
}
