using System.Globalization;

namespace MobileQuant.Text;

/// <summary>The members of tokenizer_config.json that change ids or name special tokens; the others belong to other libraries.</summary>
internal sealed record TokenizerConfig(
    string? BeginOfText,
    string? EndOfText,
    bool? AddsBeginOfText,
    bool? AddsEndOfText,
    IReadOnlyList<string> NamedTokens,
    IReadOnlyList<AddedToken> AddedTokens)
{
    public static TokenizerConfig None { get; } = new(null, null, null, null, [], []);

    public static TokenizerConfig Read(JsonPart root)
    {
        List<string> named = [];
        foreach (string member in (ReadOnlySpan<string>)["bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token"])
        {
            if (TokenName(root.Optional(member)) is { } token)
            {
                named.Add(token);
            }
        }

        foreach (string member in (ReadOnlySpan<string>)["additional_special_tokens", "extra_special_tokens"])
        {
            named.AddRange(TokenNames(root.Optional(member)));
        }

        return new TokenizerConfig(
            TokenName(root.Optional("bos_token")),
            TokenName(root.Optional("eos_token")),
            root.Optional("add_bos_token")?.Flag,
            root.Optional("add_eos_token")?.Flag,
            named,
            root.Optional("added_tokens_decoder") is { } added ? [.. ReadAdded(added)] : []);
    }

    private static IEnumerable<AddedToken> ReadAdded(JsonPart added)
    {
        foreach ((string id, JsonPart token) in added.Members())
        {
            yield return int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
                ? AddedToken.Read(token, value)
                : throw TokenizerErrors.Malformed(added.Path, $"expected an id, found '{id}'");
        }
    }

    private static string? TokenName(JsonPart? part) =>
        part is { IsObject: true } token ? token.Required("content").Text : part?.Text;

    // A list of names, or an object from a role to a name.
    private static IEnumerable<string> TokenNames(JsonPart? part) => part switch
    {
        null => [],
        { IsObject: true } roles => roles.Members().Select(member => TokenName(member.Value)!),
        { } list => list.Items().Select(item => TokenName(item)!),
    };
}
