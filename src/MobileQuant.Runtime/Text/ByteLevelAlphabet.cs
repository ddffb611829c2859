namespace MobileQuant.Text;

/// <summary>
/// The byte-to-character alphabet of GPT-2: printable Latin-1 bytes stand for themselves, the other 68 for U+0100 onwards in byte order.
/// </summary>
internal static class ByteLevelAlphabet
{
    private static readonly char[] Characters = BuildCharacters();
    private static readonly short[] Bytes = BuildBytes();

    public static char ToCharacter(byte value) => Characters[value];

    /// <summary>The byte, or -1 for a character outside the alphabet.</summary>
    public static int ToByte(char character) => character < Bytes.Length ? Bytes[character] : -1;

    private static char[] BuildCharacters()
    {
        char[] characters = new char[256];
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[value] = (char)(printable ? value : next++);
        }

        return characters;
    }

    private static short[] BuildBytes()
    {
        short[] bytes = new short[Characters.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++)
        {
            bytes[Characters[value]] = (short)value;
        }

        return bytes;
    }
}
