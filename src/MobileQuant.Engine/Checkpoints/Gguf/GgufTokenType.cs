namespace MobileQuant.Checkpoints.Gguf;

/// <summary>What a token is, numbered as <c>tokenizer.ggml.token_type</c> numbers it.</summary>
internal enum GgufTokenType
{
    /// <summary>Made by merges.</summary>
    Normal = 1,

    /// <summary>Stands for what cannot be encoded.</summary>
    Unknown = 2,

    /// <summary>Never comes from plain text and is not shown.</summary>
    Control = 3,

    /// <summary>Added: found in the text as it is, before splitting, and shown.</summary>
    UserDefined = 4,

    /// <summary>A row without a meaning.</summary>
    Unused = 5,

    /// <summary>One byte, for what has no other token.</summary>
    Byte = 6,
}
