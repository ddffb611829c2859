using System.Text.Json;
using System.Text.Json.Nodes;

namespace MobileQuant.StandInTool;

/// <summary>Writes events as JSON lines.</summary>
internal sealed class EventWriter(TextWriter output)
{
    public void Write(string kind, params (string Name, JsonNode? Value)[] fields)
    {
        JsonObject line = new() { ["event"] = kind };
        foreach ((string name, JsonNode? value) in fields)
        {
            line[name] = value;
        }

        output.WriteLine(line.ToJsonString(JsonSerializerOptions.Default));
        output.Flush();
    }
}
