namespace MobileQuant.Checkpoints.Gguf;

/// <summary>How a tensor type lies in bytes: blocks of a fixed number of elements, in row-major order, never across rows.</summary>
/// <param name="Type">The type.</param>
/// <param name="BlockElements">Elements of a block; 1 for plain types.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
/// <param name="Decode">Decodes whole blocks, or null for a type that is only listed.</param>
internal sealed record GgufTensorFormat(GgufTensorType Type, int BlockElements, int BlockBytes, GgufTensorFormat.Decoder? Decode)
{
    /// <summary>The largest <see cref="BlockElements"/>.</summary>
    public const int MaximumBlockElements = 256;

    private static readonly Dictionary<GgufTensorType, GgufTensorFormat> Known = new GgufTensorFormat[]
    {
        new(GgufTensorType.F32, 1, 4, PlainValues.DecodeF32),
        new(GgufTensorType.F16, 1, 2, PlainValues.DecodeF16),
        new(GgufTensorType.BF16, 1, 2, PlainValues.DecodeBF16),
        new(GgufTensorType.Q8_0, 32, 34, SmallBlocks.DecodeQ80),
        new(GgufTensorType.Q4_0, 32, 18, SmallBlocks.DecodeQ40),
        new(GgufTensorType.Q4_1, 32, 20, SmallBlocks.DecodeQ41),
        new(GgufTensorType.Q5_0, 32, 22, SmallBlocks.DecodeQ50),
        new(GgufTensorType.Q5_1, 32, 24, SmallBlocks.DecodeQ51),
        new(GgufTensorType.Q2_K, 256, 84, SuperBlocks.DecodeQ2),
        new(GgufTensorType.Q3_K, 256, 110, SuperBlocks.DecodeQ3),
        new(GgufTensorType.Q4_K, 256, 144, SuperBlocks.DecodeQ4),
        new(GgufTensorType.Q5_K, 256, 176, SuperBlocks.DecodeQ5),
        new(GgufTensorType.Q6_K, 256, 210, SuperBlocks.DecodeQ6),
        new(GgufTensorType.IQ4_NL, 32, 18, NonlinearBlocks.DecodeSmall),
        new(GgufTensorType.IQ4_XS, 256, 136, NonlinearBlocks.DecodeSuper),

        // Sizes are known, so that such a file can be listed; the values are not needed by anything yet.
        new(GgufTensorType.Q8_1, 32, 36, null),
        new(GgufTensorType.Q8_K, 256, 292, null),
        new(GgufTensorType.IQ2_XXS, 256, 66, null),
        new(GgufTensorType.IQ2_XS, 256, 74, null),
        new(GgufTensorType.IQ3_XXS, 256, 98, null),
        new(GgufTensorType.IQ1_S, 256, 50, null),
        new(GgufTensorType.IQ3_S, 256, 110, null),
        new(GgufTensorType.IQ2_S, 256, 82, null),
        new(GgufTensorType.IQ1_M, 256, 56, null),
        new(GgufTensorType.I8, 1, 1, null),
        new(GgufTensorType.I16, 1, 2, null),
        new(GgufTensorType.I32, 1, 4, null),
        new(GgufTensorType.I64, 1, 8, null),
        new(GgufTensorType.F64, 1, 8, null),
        new(GgufTensorType.TQ1_0, 256, 54, null),
        new(GgufTensorType.TQ2_0, 256, 66, null),
        new(GgufTensorType.MXFP4, 32, 17, null),
    }.ToDictionary(format => format.Type);

    /// <summary>Decodes <c>destination.Length / BlockElements</c> whole blocks.</summary>
    public delegate void Decoder(ReadOnlySpan<byte> blocks, Span<float> destination);

    /// <summary>The types that can be decoded, for messages.</summary>
    public static string DecodableTypes => string.Join(", ", Known.Values.Where(format => format.Decode is not null).Select(format => format.Type));

    /// <summary>The format of a type, or null for a number that this version does not know.</summary>
    public static GgufTensorFormat? Of(GgufTensorType type) => Known.GetValueOrDefault(type);
}
