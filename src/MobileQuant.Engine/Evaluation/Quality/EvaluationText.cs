using MobileQuant.Checkpoints;
using MobileQuant.Quantization;
using MobileQuant.Text;

namespace MobileQuant.Evaluation.Quality;

/// <summary>The beginning of an evaluation text, as much as the quality gate measures.</summary>
internal static class EvaluationText
{
    /// <summary>Most windows that are measured: with windows of 512, the first 16,384 tokens.</summary>
    public const int MostWindows = 32;

    // More than tokens of any text have, so that what is cut off lies behind the last window.
    private const int MostCharactersPerToken = 16;

    /// <summary>Reads and encodes it.</summary>
    /// <param name="path">The text.</param>
    /// <param name="tokenizer">Encodes it.</param>
    /// <returns>Token ids of <see cref="MostWindows"/> windows at least, or of the whole text.</returns>
    public static int[] Read(string path, TextTokenizer tokenizer)
    {
        using StreamReader reader = new(path);
        char[] buffer = new char[MostWindows * PerplexityEvaluator.DefaultWindow * MostCharactersPerToken];
        int length = reader.ReadBlock(buffer);
        return tokenizer.Encode(new string(buffer, 0, length > 0 && char.IsHighSurrogate(buffer[length - 1]) ? length - 1 : length));
    }

    /// <summary>The checkpoint's tokenizer, without which no text can be measured.</summary>
    /// <exception cref="MobileQuantException">MQ1010: it has none.</exception>
    public static TextTokenizer TokenizerOf(ICheckpoint checkpoint) => checkpoint.ReadTokenizer() is { } files
        ? TextTokenizer.FromFiles(files)
        : throw new MobileQuantException("MQ1010", $"{checkpoint.Path} has no tokenizer, which the evaluation text of the quality gate needs.", "Put tokenizer.json beside the weights, or leave EvaluationText out.");

    /// <summary>Makes sure that a text fills at least one window.</summary>
    /// <param name="request">Names the text; whether it has a prefix decides how long a window can be.</param>
    /// <param name="checkpoint">The model.</param>
    /// <exception cref="MobileQuantException">MQ1010: no tokenizer; MQ3020: the text is too short.</exception>
    public static void Check(QuantizationRequest request, ICheckpoint checkpoint)
    {
        int[] ids = Read(request.EvaluationText!, TokenizerOf(checkpoint));
        int room = request.Activations == ActivationMode.Static && request.Prefix != SinkPrefix.None ? SinkPrefix.MostTokens : 0;
        int window = Math.Min(PerplexityEvaluator.DefaultWindow, checkpoint.Architecture.ContextLength - room);
        if (ids.Length < window)
        {
            throw new MobileQuantException("MQ3020", $"The evaluation text {request.EvaluationText} has {ids.Length} tokens, less than one window of {window}.", "Use a longer text: some ten thousand tokens that calibration does not see.");
        }
    }
}
