using System.Text;

namespace MobileQuant.Text;

/// <summary>The pre-tokenizer <c>Digits</c>: numbers (categories Nd, Nl, No) apart from the rest, one by one or in runs.</summary>
internal sealed class DigitSplitter(bool individual) : IPreTokenizer
{
    public static DigitSplitter Read(JsonPart part)
    {
        part.AllowOnly("type", "individual_digits");
        return new DigitSplitter(part.FlagOr("individual_digits", false));
    }

    public void Split(ReadOnlySpan<char> text, bool startsText, PieceReceiver receive)
    {
        int start = 0;
        bool inNumber = false;
        for (int at = 0; at < text.Length;)
        {
            Rune.DecodeFromUtf16(text[at..], out Rune rune, out int length);
            bool isNumber = Rune.IsNumber(rune);
            if (at > start && (isNumber != inNumber || (isNumber && individual)))
            {
                receive(text[start..at], startsText && start == 0);
                start = at;
            }

            inNumber = isNumber;
            at += length;
        }

        if (start < text.Length)
        {
            receive(text[start..], startsText && start == 0);
        }
    }
}
