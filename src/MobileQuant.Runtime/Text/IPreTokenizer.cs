namespace MobileQuant.Text;

/// <summary>Receives the pieces of a text in order.</summary>
/// <param name="piece">A piece, never empty; valid during the call.</param>
/// <param name="startsText">Whether it stands at the very start of the text that is encoded.</param>
internal delegate void PieceReceiver(ReadOnlySpan<char> piece, bool startsText);

/// <summary>Cuts a text into the pieces that the model encodes one by one.</summary>
internal interface IPreTokenizer
{
    void Split(ReadOnlySpan<char> text, bool startsText, PieceReceiver receive);
}
