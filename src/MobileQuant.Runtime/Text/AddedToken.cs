namespace MobileQuant.Text;

/// <summary>A token that is recognised in the text before the model sees it.</summary>
/// <param name="Content">Its text.</param>
/// <param name="Id">Its id.</param>
/// <param name="Special">Left out of decoded text unless asked for.</param>
/// <param name="Normalized">Sought, itself normalized, in the normalized text; otherwise in the text as given.</param>
/// <param name="SingleWord">Only where no word character touches it.</param>
/// <param name="StripsLeft">Takes the white space before it.</param>
/// <param name="StripsRight">Takes the white space after it.</param>
internal sealed record AddedToken(
    string Content, int Id, bool Special, bool Normalized, bool SingleWord, bool StripsLeft, bool StripsRight)
{
    /// <summary>Reads an entry of <c>added_tokens</c>, or of <c>added_tokens_decoder</c> when <paramref name="id"/> is given.</summary>
    public static AddedToken Read(JsonPart part, int? id = null)
    {
        part.AllowOnly("id", "content", "special", "normalized", "single_word", "lstrip", "rstrip", "__type");
        bool special = part.FlagOr("special", false);
        return new AddedToken(
            part.Required("content").Text,
            id ?? part.Required("id").Integer,
            special,
            part.FlagOr("normalized", !special),
            part.FlagOr("single_word", false),
            part.FlagOr("lstrip", false),
            part.FlagOr("rstrip", false));
    }
}
