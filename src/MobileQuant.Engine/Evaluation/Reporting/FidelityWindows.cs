using MobileQuant.Evaluation.Fidelity;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Text;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>What fidelity is measured on: windows for signal to noise ratios and activations of reports, prompts for continuations; both from the beginning of a text.</summary>
internal static class FidelityWindows
{
    private const int WindowLength = 256;
    private const int MostCharacters = 1 << 16;
    private const int PromptCount = 10;
    private const int PromptLength = 32;

    /// <summary>Reads them.</summary>
    /// <param name="path">A text.</param>
    /// <param name="tokenizer">Encodes it.</param>
    /// <param name="architecture">The decoder, whose context windows fit into, a prefix included.</param>
    /// <returns>Up to <see cref="FidelityEvaluator.DefaultWindowCount"/> windows of one length; none of a text that is too short.</returns>
    public static IReadOnlyList<int[]> Read(string path, TextTokenizer tokenizer, DecoderArchitecture architecture)
    {
        int length = Math.Min(WindowLength, architecture.ContextLength - SinkPrefix.MostTokens);
        return [.. Encode(path, tokenizer).Chunk(length).Where(window => window.Length == length).Take(FidelityEvaluator.DefaultWindowCount)];
    }

    /// <summary>Reads prompts: up to ten, at equal distances, of 32 tokens or half of a shorter context.</summary>
    /// <param name="path">A text.</param>
    /// <param name="tokenizer">Encodes it.</param>
    /// <param name="architecture">The decoder, whose context prompts, their continuations and a prefix fit into.</param>
    /// <returns>The prompts; none of a text that is shorter than ten of them.</returns>
    public static IReadOnlyList<int[]> ReadPrompts(string path, TextTokenizer tokenizer, DecoderArchitecture architecture)
    {
        int[] ids = Encode(path, tokenizer);
        int length = Math.Min(PromptLength, (architecture.ContextLength - SinkPrefix.MostTokens) / 2);
        int distance = ids.Length / PromptCount;
        return distance < length ? [] : [.. Enumerable.Range(0, PromptCount).Select(i => ids.AsSpan(i * distance, length).ToArray())];
    }

    private static int[] Encode(string path, TextTokenizer tokenizer)
    {
        using StreamReader reader = new(path);
        char[] buffer = new char[MostCharacters];
        return tokenizer.Encode(new string(buffer, 0, reader.ReadBlock(buffer)));
    }
}
