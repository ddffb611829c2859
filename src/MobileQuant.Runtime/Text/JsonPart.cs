using System.Text.Json;

namespace MobileQuant.Text;

/// <summary>A JSON value and where it stands, so that every complaint about it names the file and the member.</summary>
internal readonly struct JsonPart
{
    private readonly JsonElement _element;

    public JsonPart(JsonElement element, string path)
    {
        _element = element;
        Path = path;
    }

    /// <summary>For messages: <c>tokenizer.json: model.vocab</c>.</summary>
    public string Path { get; }

    public JsonValueKind Kind => _element.ValueKind;

    public bool IsString => Kind == JsonValueKind.String;

    public bool IsObject => Kind == JsonValueKind.Object;

    /// <summary>The member <c>type</c> of a component.</summary>
    public string Type => Required("type").Text;

    public string Text => IsString ? _element.GetString()! : throw Unexpected("a string");

    public bool Flag => Kind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Unexpected("true or false"),
    };

    public int Integer => Kind == JsonValueKind.Number && _element.TryGetInt32(out int value)
        ? value
        : throw Unexpected("an integer of 32 bits");

    /// <summary>A string that is one UTF-16 unit.</summary>
    public char Character => Text is [char only] ? only : throw Unexpected("a single character");

    public bool IsZero => Kind == JsonValueKind.Number && _element.GetDouble() == 0;

    /// <summary>The member, or null where it is absent or null.</summary>
    public JsonPart? Optional(string name)
    {
        if (!IsObject)
        {
            throw Unexpected("an object");
        }

        return _element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? new JsonPart(value, Join(name))
            : null;
    }

    public JsonPart Required(string name) =>
        Optional(name) ?? throw TokenizerErrors.Malformed(Path, $"'{name}' is missing");

    public bool FlagOr(string name, bool fallback) => Optional(name)?.Flag ?? fallback;

    public IEnumerable<JsonPart> Items()
    {
        if (Kind != JsonValueKind.Array)
        {
            throw Unexpected("an array");
        }

        int index = 0;
        foreach (JsonElement item in _element.EnumerateArray())
        {
            yield return new JsonPart(item, $"{Path}[{index++}]");
        }
    }

    public int ItemCount => Kind == JsonValueKind.Array ? _element.GetArrayLength() : throw Unexpected("an array");

    public IEnumerable<(string Name, JsonPart Value)> Members()
    {
        if (!IsObject)
        {
            throw Unexpected("an object");
        }

        foreach (JsonProperty member in _element.EnumerateObject())
        {
            yield return (member.Name, new JsonPart(member.Value, Path));
        }
    }

    /// <summary>Refuses members that are not listed: an option that is not understood is not passed over.</summary>
    public void AllowOnly(params ReadOnlySpan<string> known)
    {
        foreach ((string name, _) in Members())
        {
            if (!known.Contains(name))
            {
                throw TokenizerErrors.Unsupported(Path, $"the member '{name}'");
            }
        }
    }

    public MobileQuantException Unexpected(string expected) =>
        TokenizerErrors.Malformed(Path, $"expected {expected}, found {Describe()}");

    private string Describe() => Kind switch
    {
        JsonValueKind.Undefined => "nothing",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        _ => _element.GetRawText() is { Length: > 40 } raw ? raw[..40] + "..." : _element.GetRawText(),
    };

    private string Join(string name) => Path.Contains(": ", StringComparison.Ordinal) ? $"{Path}.{name}" : $"{Path}: {name}";
}
