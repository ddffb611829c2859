using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MobileQuant.Text.Templates;

/// <summary>JSON as the values of a template.</summary>
internal static class JsonValues
{
    /// <summary>Converts a node; the depth of what was parsed or built is the caller's.</summary>
    public static object Read(JsonNode? node)
    {
        switch (node)
        {
            case null:
                return NoneValue.Instance;
            case JsonArray array:
                return new ListValue([.. array.Select(Read)]);
            case JsonObject members:
                MapValue map = new();
                foreach ((string name, JsonNode? value) in members)
                {
                    map.Set(name, Read(value));
                }

                return map;
            default:
                return node.GetValueKind() switch
                {
                    JsonValueKind.String => node.GetValue<string>(),
                    JsonValueKind.True => true,
                    JsonValueKind.False => false,
                    JsonValueKind.Number => ReadNumber(node.ToJsonString()),
                    _ => NoneValue.Instance,
                };
        }
    }

    private static object ReadNumber(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer)
            ? (object)integer
            : double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
}
