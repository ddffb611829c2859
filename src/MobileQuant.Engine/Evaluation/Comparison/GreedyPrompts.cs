using MobileQuant.Evaluation.Reporting;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Text;

namespace MobileQuant.Evaluation.Comparison;

/// <summary>Where the prompts come from whose continuations are compared.</summary>
internal static class GreedyPrompts
{
    /// <summary>Checks a file, before a model is opened for it.</summary>
    /// <param name="path">The file, or null.</param>
    /// <exception cref="MobileQuantException">MQ1009: it does not exist, or has no prompt.</exception>
    public static void Validate(string? path)
    {
        if (path is null)
        {
            return;
        }

        if (!File.Exists(path))
        {
            throw new MobileQuantException("MQ1009", $"The file of prompts {path} does not exist.", "Correct the path.");
        }

        if (!ReadLines(path).Any())
        {
            throw new MobileQuantException("MQ1009", $"The file of prompts {path} has no prompt.", "Write a prompt in each line.");
        }
    }

    /// <summary>Reads prompts: lines of a file where one is given, else parts of the first running text.</summary>
    /// <param name="path">A text file with a prompt in each line, or null.</param>
    /// <param name="textPath">A text, or null.</param>
    /// <param name="tokenizer">Encodes them.</param>
    /// <param name="architecture">The decoder; of prompts longer than half of its context, a prefix taken off, the end is used.</param>
    /// <returns>Token ids by prompt; none where there is no text.</returns>
    public static IReadOnlyList<int[]> Read(string? path, string? textPath, TextTokenizer tokenizer, DecoderArchitecture architecture)
    {
        int most = (architecture.ContextLength - SinkPrefix.MostTokens) / 2;
        return path is not null ? [.. ReadLines(path).Select(line => tokenizer.Encode(line).TakeLast(most).ToArray())]
            : textPath is not null ? FidelityWindows.ReadPrompts(textPath, tokenizer, architecture)
            : [];
    }

    private static IEnumerable<string> ReadLines(string path) => File.ReadLines(path).Where(line => !string.IsNullOrWhiteSpace(line));
}
