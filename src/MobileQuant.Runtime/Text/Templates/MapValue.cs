namespace MobileQuant.Text.Templates;

/// <summary>A dictionary in the order in which it was made. Never changed once it is made.</summary>
internal sealed class MapValue
{
    private readonly OrderedDictionary<object, object> _members = new(KeyComparer.Instance);

    public int Count => _members.Count;

    public IEnumerable<KeyValuePair<object, object>> Members => _members;

    public IEnumerable<object> Keys => _members.Keys;

    public IEnumerable<object> Values => _members.Values;

    /// <summary>Whether a value may be a key.</summary>
    public static bool IsKey(object value) => value is string or long or bool or double or NoneValue;

    /// <summary>Only while it is made; a key that is there already keeps its place and gets the new value.</summary>
    public void Set(object key, object value) => _members[key] = value;

    public bool TryGet(object key, out object value) => _members.TryGetValue(key, out value!);

    /// <summary>True, 1 and 1.0 are one key, as in Python.</summary>
    private sealed class KeyComparer : IEqualityComparer<object>
    {
        public static KeyComparer Instance { get; } = new();

        public new bool Equals(object? x, object? y) => Normal(x!).Equals(Normal(y!));

        public int GetHashCode(object obj) => Normal(obj).GetHashCode();

        private static object Normal(object key) => key switch
        {
            bool flag => flag ? 1L : 0L,
            double number when number == Math.Floor(number) && Math.Abs(number) < 1L << 53 => (long)number,
            _ => key,
        };
    }
}
