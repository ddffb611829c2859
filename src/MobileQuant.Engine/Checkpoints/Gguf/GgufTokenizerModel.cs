using System.Text.Json;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>What a tokenizer.json needs beside the vocabulary.</summary>
internal sealed record GgufTokenizerModel
{
    /// <summary>Pairs of tokens in order of preference.</summary>
    public required IReadOnlyList<(string Left, string Right)> Merges { get; init; }

    /// <summary>Whether what has no token becomes tokens of bytes.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether a piece that is a token stays whole, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Whether a text gets the token that begins a text.</summary>
    public required bool AddsBegin { get; init; }

    /// <summary>Whether a text gets the token that ends a text.</summary>
    public required bool AddsEnd { get; init; }

    /// <summary>Writes the properties <c>normalizer</c>, <c>pre_tokenizer</c> and <c>decoder</c>.</summary>
    public required Action<Utf8JsonWriter> WriteSteps { get; init; }
}
