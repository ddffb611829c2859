namespace MobileQuant;

/// <summary>How to generate text.</summary>
public sealed record GenerationOptions
{
    /// <summary>Largest number of new tokens; at least 1.</summary>
    public int MaxTokens { get; init; } = 256;

    /// <summary>0: greedy, in integers alone. Above: divides the logits before sampling.</summary>
    public double Temperature { get; init; } = 0.8;

    /// <summary>Keep the k most likely tokens; 0: all.</summary>
    public int TopK { get; init; } = 40;

    /// <summary>Keep the most likely tokens whose probabilities sum to this, in (0, 1]; 1: all.</summary>
    public double TopP { get; init; } = 0.95;

    /// <summary>Seed of the draws: the same seed gives the same text.</summary>
    public int Seed { get; init; }

    /// <summary>Put the model's begin-of-text token in front of a fresh session's prompt, if its tokenizer does so.</summary>
    public bool AddBeginOfText { get; init; } = true;

    /// <summary>Tokens that end the text besides those that end every text of the model.</summary>
    public IReadOnlyList<int> EndIds { get; init; } = [];

    /// <summary>Throws unless every value is in its range.</summary>
    /// <exception cref="MobileQuantException">MQ6010.</exception>
    public void Validate()
    {
        Require(MaxTokens >= 1, nameof(MaxTokens), MaxTokens, "at least 1");
        Require(Temperature >= 0 && double.IsFinite(Temperature), nameof(Temperature), Temperature, "0 or above");
        Require(TopK >= 0, nameof(TopK), TopK, "0 or above");
        Require(TopP is > 0 and <= 1, nameof(TopP), TopP, "above 0 and at most 1");
    }

    private static void Require(bool good, string name, object value, string expected)
    {
        if (!good)
        {
            throw new MobileQuantException("MQ6010", $"{name} is {value}; expected {expected}.", "Correct the generation option.");
        }
    }
}
