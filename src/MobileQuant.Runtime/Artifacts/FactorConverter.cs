using System.Text.Json;
using System.Text.Json.Serialization;
using MobileQuant.Arithmetic;

namespace MobileQuant.Artifacts;

/// <summary>Writes a factor as <c>[multiplier, shift]</c>: manifests hold hundreds of them.</summary>
internal sealed class FactorConverter : JsonConverter<FixedPointFactor>
{
    public override FixedPointFactor Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("expected [multiplier, shift]");
        }

        int multiplier = Next(ref reader);
        int shift = Next(ref reader);
        return reader.Read() && reader.TokenType == JsonTokenType.EndArray
            ? new(multiplier, shift)
            : throw new JsonException("expected [multiplier, shift]");
    }

    public override void Write(Utf8JsonWriter writer, FixedPointFactor value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        writer.WriteNumberValue(value.Multiplier);
        writer.WriteNumberValue(value.Shift);
        writer.WriteEndArray();
    }

    private static int Next(ref Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int value)
            ? value
            : throw new JsonException("expected [multiplier, shift]");
}
