namespace MobileQuant.Arithmetic;

/// <summary>
/// How the rows that a linear layer reads become codes: by a scale found from each row (<c>token</c>, the default value), by a
/// stored u8 scale (<c>static</c>), or by a stored scale of up to 16 bits (<c>static</c>, wide).
/// </summary>
/// <param name="Stored">Null for token rows.</param>
/// <param name="WideBits">0 for u8 codes; 9..16 for the width of signed codes, whose stored zero point is <see cref="WideRowQuantizer.ZeroPoint"/>.</param>
public readonly record struct InputQuantizer(RowQuantizer? Stored, int WideBits = 0)
{
    /// <summary>Whether a row is two rows of bytes.</summary>
    public bool IsWide => WideBits > 0;
}
