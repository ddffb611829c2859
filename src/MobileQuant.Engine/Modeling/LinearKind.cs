namespace MobileQuant.Modeling;

/// <summary>The linear layers of one decoder layer.</summary>
public enum LinearKind
{
    /// <summary>q: hidden to heads * head size.</summary>
    Query,

    /// <summary>k: hidden to KV heads * head size.</summary>
    Key,

    /// <summary>v: hidden to KV heads * head size.</summary>
    Value,

    /// <summary>o: heads * head size to hidden.</summary>
    Output,

    /// <summary>gate: hidden to feed-forward size; absent in a plain MLP.</summary>
    Gate,

    /// <summary>up: hidden to feed-forward size.</summary>
    Up,

    /// <summary>down: feed-forward size to hidden.</summary>
    Down,
}
