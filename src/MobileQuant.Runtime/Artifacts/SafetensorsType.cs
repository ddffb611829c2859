namespace MobileQuant.Artifacts;

/// <summary>The element types of the safetensors format.</summary>
internal static class SafetensorsType
{
    /// <summary>Bytes of one element, or null for a type that this format does not know.</summary>
    /// <param name="dtype">As the header spells it.</param>
    public static int? BytesOf(string dtype) => dtype switch
    {
        "BOOL" or "U8" or "I8" or "F8_E4M3" or "F8_E5M2" or "F8_E8M0" => 1,
        "U16" or "I16" or "F16" or "BF16" => 2,
        "U32" or "I32" or "F32" => 4,
        "U64" or "I64" or "F64" => 8,
        _ => null,
    };
}
