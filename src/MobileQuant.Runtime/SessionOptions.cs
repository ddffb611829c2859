namespace MobileQuant;

/// <summary>How a session computes. Never changes what it computes: results are equal on every kernel and thread count.</summary>
public sealed record SessionOptions
{
    /// <summary>Threads; 0: all cores.</summary>
    public int Threads { get; init; }

    /// <summary>A kernel by name (scalar, avx2, advsimd, advsimd-dp); null: the best that this CPU has.</summary>
    public string? Kernel { get; init; }
}
