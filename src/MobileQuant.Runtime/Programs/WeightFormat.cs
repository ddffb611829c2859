namespace MobileQuant.Programs;

/// <summary>How the codes of a weight matrix lie in bytes.</summary>
public enum WeightFormat
{
    /// <summary>
    /// s8 codes in [-127, 127], tiles of 16 rows by 4 columns: <c>[ceil(N/16)][Kp/4][16][4]</c>, Kp = K rounded up to 4.
    /// Padding holds code 0.
    /// </summary>
    S8,

    /// <summary>
    /// s4 codes in [-8, 7], stored as code + 8: <c>[ceil(N/16)][Kp/8][64]</c>, Kp = K rounded up to 8. Byte j of a group of 64
    /// holds, in tile order (row j/4, column j%4), columns 8i..8i+3 in its low nibble and 8i+4..8i+7 in its high nibble.
    /// Padding holds code 0 (nibble 8).
    /// </summary>
    S4,

    /// <summary>
    /// s4 codes whose blocks of 64 columns have scales and zero points of their own: the nibbles of <see cref="S4"/> with a
    /// <see cref="BlockHeader"/> in front of each eight groups. Padding holds nibble 0.
    /// </summary>
    S4B64,

    /// <summary><see cref="S4B64"/> with blocks of 32 columns.</summary>
    S4B32,
}
