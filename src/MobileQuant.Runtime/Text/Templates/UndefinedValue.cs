namespace MobileQuant.Text.Templates;

/// <summary>What a name or member is that does not exist: false and empty, but an error as soon as something is done with it.</summary>
/// <param name="Name">For messages.</param>
internal sealed record UndefinedValue(string Name)
{
    public string Describe() => $"'{(Name.Length > 60 ? Name[..60] + "..." : Name)}' is undefined";
}
