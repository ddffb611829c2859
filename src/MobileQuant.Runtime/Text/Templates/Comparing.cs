using System.Runtime.ExceptionServices;

namespace MobileQuant.Text.Templates;

/// <summary>Truth, equality, order and containment of values, as Python defines them.</summary>
internal static class Comparing
{
    public static bool IsTrue(object value) => value switch
    {
        bool flag => flag,
        string text => text.Length > 0,
        long integer => integer != 0,
        double number => number != 0,
        ListValue list => list.Items.Count > 0,
        MapValue map => map.Count > 0,
        NoneValue or UndefinedValue => false,
        _ => true,
    };

    public static bool AreEqual(RenderContext context, object left, object right)
    {
        context.Enter();
        bool equal = (left, right) switch
        {
            (string a, string b) => TextsAreEqual(context, a, b),
            (NoneValue, NoneValue) or (UndefinedValue, UndefinedValue) => true,
            (ListValue a, ListValue b) => a.IsTuple == b.IsTuple && a.Items.Count == b.Items.Count && ItemsAreEqual(context, a, b),
            (MapValue a, MapValue b) => a.Count == b.Count && MembersAreEqual(context, a, b),
            _ when Number.TryRead(left, out Number a) && Number.TryRead(right, out Number b) => a.CompareTo(b) == 0,
            _ => ReferenceEquals(left, right),
        };
        context.Leave();
        return equal;
    }

    /// <summary>Below 0, 0 or above 0.</summary>
    public static int Order(RenderContext context, object left, object right)
    {
        context.Enter();
        int order;
        if (left is string a && right is string b)
        {
            context.Spend(Math.Min(a.Length, b.Length));
            order = OrderTexts(a, b);
        }
        else if (Number.TryRead(left, out Number x) && Number.TryRead(right, out Number y))
        {
            order = x.CompareTo(y) ?? throw context.Fail("numbers that are not numbers have no order");
        }
        else if (left is ListValue p && right is ListValue q && p.IsTuple == q.IsTuple)
        {
            order = OrderItems(context, p, q);
        }
        else
        {
            throw context.Fail($"{PythonText.Describe(left)} and {PythonText.Describe(right)} cannot be ordered");
        }

        context.Leave();
        return order;
    }

    /// <summary>Sorts by keys; stable, in reverse too, as Python's sort is.</summary>
    public static List<T> Sort<T>(RenderContext context, IEnumerable<T> items, Func<T, object> keyOf, bool isReverse = false)
    {
        (T Item, object Key)[] keyed = [.. items.Select(item => (item, keyOf(item)))];
        Comparer<object> comparer = Comparer<object>.Create((a, b) => Order(context, a, b));
        try
        {
            return [.. (isReverse ? keyed.OrderByDescending(entry => entry.Key, comparer) : keyed.OrderBy(entry => entry.Key, comparer)).Select(entry => entry.Item)];
        }
        catch (InvalidOperationException e) when (e.InnerException is MobileQuantException cause)
        {
            // Sorting wraps what a comparison throws.
            ExceptionDispatchInfo.Throw(cause);
            throw;
        }
    }

    public static bool Contains(RenderContext context, object container, object item)
    {
        switch (container)
        {
            case string text:
                string part = item as string ?? throw context.Fail($"a string cannot contain {PythonText.Describe(item)}");
                SpendSearch(context, text, part);
                return text.Contains(part, StringComparison.Ordinal);
            case ListValue list:
                foreach (object candidate in list.Items)
                {
                    if (AreEqual(context, candidate, item))
                    {
                        return true;
                    }
                }

                return false;
            case MapValue map:
                SpendKey(context, item);
                return MapValue.IsKey(item) && map.TryGet(item, out _);
            case UndefinedValue:
                return false;
            default:
                throw context.Fail($"{PythonText.Describe(container)} cannot contain anything");
        }
    }

    /// <summary>Counts a search for a part in a text, whose worst case is their product.</summary>
    public static void SpendSearch(RenderContext context, string text, string part) =>
        context.Spend((long)text.Length * Math.Max(1, Math.Min(part.Length, 256)) / 4);

    /// <summary>Counts the hashing of a key.</summary>
    public static void SpendKey(RenderContext context, object key) => context.Spend(key is string text ? text.Length : 0);

    private static bool TextsAreEqual(RenderContext context, string a, string b)
    {
        context.Spend(a.Length == b.Length ? a.Length : 0);
        return a == b;
    }

    /// <summary>By code points, which the order of UTF-16 units is not.</summary>
    private static int OrderTexts(string a, string b)
    {
        int at = a.AsSpan().CommonPrefixLength(b);
        if (at == a.Length || at == b.Length)
        {
            return a.Length - b.Length;
        }

        bool aIsPair = char.IsSurrogate(a[at]);
        bool bIsPair = char.IsSurrogate(b[at]);
        return aIsPair == bIsPair ? a[at] - b[at] : aIsPair ? 1 : -1;
    }

    private static bool ItemsAreEqual(RenderContext context, ListValue a, ListValue b)
    {
        for (int i = 0; i < a.Items.Count; i++)
        {
            if (!AreEqual(context, a.Items[i], b.Items[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool MembersAreEqual(RenderContext context, MapValue a, MapValue b)
    {
        foreach ((object key, object value) in a.Members)
        {
            SpendKey(context, key);
            if (!b.TryGet(key, out object other) || !AreEqual(context, value, other))
            {
                return false;
            }
        }

        return true;
    }

    private static int OrderItems(RenderContext context, ListValue a, ListValue b)
    {
        for (int i = 0; i < Math.Min(a.Items.Count, b.Items.Count); i++)
        {
            if (!AreEqual(context, a.Items[i], b.Items[i]))
            {
                return Order(context, a.Items[i], b.Items[i]);
            }
        }

        return a.Items.Count - b.Items.Count;
    }
}
