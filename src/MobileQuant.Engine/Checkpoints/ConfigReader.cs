using System.Text.Json;

namespace MobileQuant.Checkpoints;

/// <summary>Reads values of a config.json with their names and limits in the error messages.</summary>
internal sealed class ConfigReader
{
    private readonly string _path;
    private readonly JsonElement _root;
    private readonly string _prefix;

    private ConfigReader(string path, JsonElement root, string prefix)
    {
        _path = path;
        _root = root;
        _prefix = prefix;
    }

    /// <summary>Parses a file of at most 16 MiB.</summary>
    /// <exception cref="MobileQuantException">MQ2001: cannot be read; MQ2002: not a JSON object.</exception>
    public static ConfigReader Open(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (file.Length > 16 << 20)
            {
                throw new MobileQuantException("MQ2002", $"{path}: a configuration of {file.Length} bytes is not plausible.");
            }

            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 32, CommentHandling = JsonCommentHandling.Skip });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new(path, document.RootElement.Clone(), "")
                : throw new MobileQuantException("MQ2002", $"{path}: expected a JSON object, found {document.RootElement.ValueKind}.");
        }
        catch (JsonException e)
        {
            throw new MobileQuantException("MQ2002", $"{path}: not valid JSON: {e.Message}", "Fetch the file again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MobileQuantException("MQ2001", $"{path}: cannot be read: {e.Message}", "Check the path and its permissions.", e);
        }
    }

    public bool Has(string name) => _root.TryGetProperty(name, out JsonElement e) && e.ValueKind != JsonValueKind.Null;

    /// <summary>Whether a value is there and null, which for some names differs from not being there.</summary>
    public bool IsNull(string name) => _root.TryGetProperty(name, out JsonElement e) && e.ValueKind == JsonValueKind.Null;

    /// <summary>A nested object, or null.</summary>
    public ConfigReader? Object(string name)
    {
        if (!Has(name))
        {
            return null;
        }

        JsonElement element = _root.GetProperty(name);
        return element.ValueKind == JsonValueKind.Object ? new(_path, element, _prefix + name + ".") : throw Wrong(name, "an object", element);
    }

    public int Integer(string name, int minimum, int maximum, int? fallback = null)
    {
        if (!Has(name))
        {
            return fallback ?? throw Missing(name);
        }

        JsonElement element = _root.GetProperty(name);
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int value) && value >= minimum && value <= maximum
            ? value
            : throw Wrong(name, $"a whole number from {minimum} to {maximum}", element);
    }

    public double Number(string name, double minimum, double maximum, double? fallback = null)
    {
        if (!Has(name))
        {
            return fallback ?? throw Missing(name);
        }

        JsonElement element = _root.GetProperty(name);
        return element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double value) && value >= minimum && value <= maximum
            ? value
            : throw Wrong(name, $"a number from {minimum} to {maximum}", element);
    }

    public bool Flag(string name, bool fallback)
    {
        if (!Has(name))
        {
            return fallback;
        }

        JsonElement element = _root.GetProperty(name);
        return element.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(name, "true or false", element),
        };
    }

    public string? Text(string name)
    {
        if (!Has(name))
        {
            return null;
        }

        JsonElement element = _root.GetProperty(name);
        return element.ValueKind == JsonValueKind.String ? element.GetString() : throw Wrong(name, "a string", element);
    }

    /// <summary>A whole number, or a list of them.</summary>
    public IReadOnlyList<int> Integers(string name, int minimum, int maximum)
    {
        if (!Has(name))
        {
            return [];
        }

        JsonElement element = _root.GetProperty(name);
        JsonElement[] items = element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray()] : [element];
        return [.. items.Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int value) && value >= minimum && value <= maximum
            ? value
            : throw Wrong(name, $"whole numbers from {minimum} to {maximum}", item))];
    }

    /// <summary>The properties of this object with string values, in file order.</summary>
    public IEnumerable<KeyValuePair<string, string>> Texts() => _root.EnumerateObject().Select(p =>
        p.Value.ValueKind == JsonValueKind.String ? new KeyValuePair<string, string>(p.Name, p.Value.GetString()!) : throw Wrong(p.Name, "a string", p.Value));

    public MobileQuantException Error(string code, string message, string? remedy = null) => new(code, $"{_path}: {message}", remedy);

    private MobileQuantException Missing(string name) =>
        new("MQ2002", $"{_path}: '{_prefix}{name}' is missing.", "Fetch the checkpoint again, with all of its files.");

    private MobileQuantException Wrong(string name, string expected, JsonElement found)
    {
        string text = found.GetRawText();
        return new("MQ2002", $"{_path}: '{_prefix}{name}' should be {expected}; found {(text.Length > 80 ? text[..80] + "..." : text)}.");
    }
}
