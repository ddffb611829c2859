using System.Text.Json;

namespace MobileQuant.Recipes;

/// <summary>Reads <see cref="RecipeSettings"/> from a JSON file, or from one line.</summary>
public static class RecipeSettingsReader
{
    private static readonly JsonDocumentOptions s_options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Reads what an option or an item says: a line where it contains <c>=</c>, else a file.</summary>
    /// <param name="text">Such as <c>steps=200; loss=logits</c>, or a path; null or empty: nothing is changed.</param>
    /// <param name="baseDirectory">Where relative paths start; null: the current folder.</param>
    /// <returns>The settings.</returns>
    /// <exception cref="MobileQuantException">MQ1019: the file is not there or is no JSON object, or a part of the line is no KEY=VALUE; MQ3002, MQ3003: a key or value.</exception>
    public static RecipeSettings Read(string? text, string? baseDirectory = null)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return RecipeSettings.None;
        }

        return text.Contains('=', StringComparison.Ordinal) ? ReadLine(text) : ReadFile(Path.GetFullPath(text.Trim(), Path.GetFullPath(baseDirectory ?? ".")));
    }

    private static RecipeSettings ReadLine(string line)
    {
        RecipeSettings settings = RecipeSettings.None;
        foreach (string part in line.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int at = part.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
            {
                throw new MobileQuantException("MQ1019", $"'{part}' in the recipe's settings is no KEY=VALUE.", "Write for example steps=200; loss=logits, or name a JSON file.");
            }

            settings = RecipeSettingTable.Set(settings, part[..at].Trim(), part[(at + 1)..], "The recipe's settings");
        }

        return settings;
    }

    private static RecipeSettings ReadFile(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path), s_options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new MobileQuantException("MQ1019", $"{path}: expected a JSON object, found {document.RootElement.ValueKind}.", "Write for example { \"steps\": 200, \"loss\": \"logits\" }.");
            }

            RecipeSettings settings = RecipeSettings.None;
            foreach (JsonProperty member in document.RootElement.EnumerateObject())
            {
                settings = RecipeSettingTable.Set(settings, member.Name, Text(member.Value), path);
            }

            return settings;
        }
        catch (JsonException e)
        {
            throw new MobileQuantException("MQ1019", $"{path}({(e.LineNumber ?? 0) + 1},{(e.BytePositionInLine ?? 0) + 1}): {e.Message}", "The settings of a recipe are a JSON object.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MobileQuantException("MQ1019", $"The settings {path} cannot be read: {e.Message}", "Name a JSON file, or write the settings themselves: steps=200; loss=logits.", e);
        }
    }

    /// <summary>An empty list means none; anything that is no value of a setting keeps its JSON, for the message.</summary>
    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array when value.GetArrayLength() == 0 => "none",
        JsonValueKind.Array when value.EnumerateArray().All(part => part.ValueKind == JsonValueKind.String) => string.Join(',', value.EnumerateArray().Select(part => part.GetString())),
        _ => value.GetRawText(),
    };
}
