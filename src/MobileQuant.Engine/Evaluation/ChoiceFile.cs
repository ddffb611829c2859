using System.Text.Json;

namespace MobileQuant.Evaluation;

/// <summary>
/// Questions from a JSON-lines file: in each line an object with <c>context</c> (a string), <c>choices</c> (two or more strings) and
/// <c>answer</c> (index of the right one, from 0). Empty lines and other members are passed over.
/// </summary>
public static class ChoiceFile
{
    private const string Remedy = """Write a line as {"context": "The sky is", "choices": ["blue", "loud"], "answer": 0}.""";

    /// <summary>Reads questions.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">Most questions; null: all.</param>
    /// <returns>The questions, in the file's order.</returns>
    /// <exception cref="MobileQuantException">MQ1012: a line is no question; the message names it.</exception>
    public static IReadOnlyList<ChoiceQuestion> Read(string path, int? limit = null)
    {
        List<ChoiceQuestion> questions = [];
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (questions.Count == limit)
            {
                break;
            }

            if (!string.IsNullOrWhiteSpace(line))
            {
                questions.Add(Parse(line, $"{path}({number})"));
            }
        }

        return questions;
    }

    private static ChoiceQuestion Parse(string line, string place)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(line);
        }
        catch (JsonException e)
        {
            throw new MobileQuantException("MQ1012", $"{place}: expected a JSON object: {e.Message}", Remedy, e);
        }

        using (document)
        {
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw Error(place, $"expected a JSON object, found {Kind(root)}");
            }

            string context = ReadContext(root, place);
            string[] choices = ReadChoices(root, place);
            if (!root.TryGetProperty("answer", out JsonElement answer) || answer.ValueKind != JsonValueKind.Number || !answer.TryGetInt32(out int index))
            {
                throw Error(place, "expected a whole number 'answer', the index of the right choice from 0");
            }

            return index >= 0 && index < choices.Length
                ? new(context, choices, index)
                : throw Error(place, $"'answer' is {index}; expected 0 to {choices.Length - 1}, because there are {choices.Length} choices");
        }
    }

    private static string ReadContext(JsonElement root, string place) =>
        root.TryGetProperty("context", out JsonElement context) && context.ValueKind == JsonValueKind.String
            ? context.GetString()!
            : throw Error(place, "expected a string 'context'");

    private static string[] ReadChoices(JsonElement root, string place)
    {
        if (!root.TryGetProperty("choices", out JsonElement choices) || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() < 2)
        {
            throw Error(place, "expected an array 'choices' of two strings or more");
        }

        string[] texts = new string[choices.GetArrayLength()];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = choices[i].ValueKind == JsonValueKind.String && !string.IsNullOrWhiteSpace(choices[i].GetString())
                ? choices[i].GetString()!
                : throw Error(place, $"'choices[{i}]' is {Kind(choices[i])}; expected a string that is not blank");
        }

        return texts;
    }

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => string.IsNullOrWhiteSpace(value.GetString()) ? "blank" : "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    private static MobileQuantException Error(string place, string message) => new("MQ1012", $"{place}: {message}.", Remedy);
}
