using System.Text;
using System.Text.Json;
using MobileQuant.Text;

namespace MobileQuant.Calibration;

/// <summary>Cuts calibration windows out of text files.</summary>
public static class CalibrationCorpus
{
    /// <summary>Every how many windows one starts with the token that opens a text, as prompts do.</summary>
    private const int BeginEvery = 4;

    /// <summary>Reads files, encodes them and draws windows that do not overlap.</summary>
    /// <param name="files">.txt files, or .jsonl files whose lines have a field <c>text</c>.</param>
    /// <param name="tokenizer">The checkpoint's tokenizer.</param>
    /// <param name="count">Most windows.</param>
    /// <param name="length">Tokens of a window.</param>
    /// <param name="seed">Decides which windows.</param>
    /// <returns>The windows: <paramref name="count"/>, or as many as the text has.</returns>
    /// <exception cref="MobileQuantException">MQ3010: a file cannot be read; MQ3011: no text; MQ3012: less text than one window.</exception>
    public static CalibrationSet Read(IReadOnlyList<string> files, TextTokenizer tokenizer, int count, int length, int seed)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(tokenizer);
        List<int> ids = [];
        foreach (string file in files)
        {
            ids.AddRange(tokenizer.Encode(ReadText(file), addSpecialTokens: false));
        }

        string names = string.Join(", ", files);
        if (ids.Count == 0)
        {
            throw new MobileQuantException("MQ3011", $"The calibration text is empty: {names}.", "Give text like what the model will see, a few hundred kilobytes of it, or none to calibrate on text sampled from the model.");
        }

        if (ids.Count < length)
        {
            throw new MobileQuantException("MQ3012", $"The calibration text has {ids.Count} tokens, less than one window of {length}: {names}.", $"Give more text; {DefaultTokens(length)} tokens are used when there are as many.");
        }

        return new(Draw(ids, tokenizer.AddsBeginOfText ? tokenizer.BeginOfTextId : null, count, length, seed), "text");
    }

    /// <summary>The text of a file.</summary>
    /// <exception cref="MobileQuantException">MQ3010.</exception>
    internal static string ReadText(string file)
    {
        try
        {
            return Path.GetExtension(file).Equals(".jsonl", StringComparison.OrdinalIgnoreCase) ? ReadJsonLines(file) : File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MobileQuantException("MQ3010", $"{file}: cannot be read: {e.Message}", "Check the path and its permissions.", e);
        }
    }

    private static int DefaultTokens(int length) => CalibrationSet.DefaultWindowCount * length;

    private static string ReadJsonLines(string file)
    {
        StringBuilder text = new();
        int number = 0;
        foreach (string line in File.ReadLines(file))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                text.Append(TextOf(line, file, number)).Append("\n\n");
            }
        }

        return text.ToString();
    }

    private static string TextOf(string line, string file, int number)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            if (json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("text", out JsonElement text)
                && text.ValueKind == JsonValueKind.String)
            {
                return text.GetString()!;
            }
        }
        catch (JsonException e)
        {
            throw new MobileQuantException("MQ3010", $"{file}({number}): not valid JSON: {e.Message}", "Every line of a .jsonl file is one JSON object.", e);
        }

        throw new MobileQuantException("MQ3010", $"{file}({number}): there is no string 'text' in this line.", "Every line of a .jsonl file needs a field 'text'.");
    }

    private static List<int[]> Draw(List<int> ids, int? begin, int count, int length, int seed)
    {
        int[] slots = [.. Enumerable.Range(0, ids.Count / length)];
        new Random(seed).Shuffle(slots);
        List<int[]> windows = [];
        foreach (int slot in slots.Take(count))
        {
            int[] window = [.. ids.GetRange(slot * length, length)];
            if (begin is { } token && windows.Count % BeginEvery == 0)
            {
                window[0] = token;
            }

            windows.Add(window);
        }

        return windows;
    }
}
