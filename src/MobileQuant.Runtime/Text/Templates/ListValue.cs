namespace MobileQuant.Text.Templates;

/// <summary>A list or tuple. Never changed once it is made.</summary>
/// <param name="items">Its items.</param>
/// <param name="isTuple">Whether it prints and compares as a tuple.</param>
internal sealed class ListValue(IReadOnlyList<object> items, bool isTuple = false)
{
    public IReadOnlyList<object> Items => items;

    public bool IsTuple => isTuple;
}
