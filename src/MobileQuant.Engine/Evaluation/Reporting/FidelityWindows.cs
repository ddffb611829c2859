using MobileQuant.Evaluation.Fidelity;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Text;

namespace MobileQuant.Evaluation.Reporting;

/// <summary>The windows that signal to noise ratios and activations of reports are measured on: the beginning of a text.</summary>
internal static class FidelityWindows
{
    private const int WindowLength = 256;
    private const int MostCharacters = 1 << 16;

    /// <summary>Reads them.</summary>
    /// <param name="path">A text.</param>
    /// <param name="tokenizer">Encodes it.</param>
    /// <param name="architecture">The decoder, whose context windows fit into, a prefix included.</param>
    /// <returns>Up to <see cref="FidelityEvaluator.DefaultWindowCount"/> windows of one length; none of a text that is too short.</returns>
    public static IReadOnlyList<int[]> Read(string path, TextTokenizer tokenizer, DecoderArchitecture architecture)
    {
        using StreamReader reader = new(path);
        char[] buffer = new char[MostCharacters];
        int[] ids = tokenizer.Encode(new string(buffer, 0, reader.ReadBlock(buffer)));
        int length = Math.Min(WindowLength, architecture.ContextLength - SinkPrefix.MostTokens);
        return [.. ids.Chunk(length).Where(window => window.Length == length).Take(FidelityEvaluator.DefaultWindowCount)];
    }
}
