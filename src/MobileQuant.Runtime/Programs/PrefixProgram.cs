namespace MobileQuant.Programs;

/// <summary>Positions that every session starts behind: their keys and values as cache codes, <c>[layer][kvHead][token][headSize]</c>.</summary>
internal sealed class PrefixProgram
{
    /// <summary>Positions.</summary>
    public required int Length { get; init; }

    /// <summary>Codes of the rotated keys.</summary>
    public required NativeSpan<byte> Keys { get; init; }

    /// <summary>Codes of the values.</summary>
    public required NativeSpan<byte> Values { get; init; }
}
