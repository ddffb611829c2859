namespace MobileQuant.Learning;

/// <summary>What a parameter is, which decides its learning rate.</summary>
internal enum LearnedKind
{
    /// <summary>Logarithms of the scales of an equivalent transformation.</summary>
    Transformation,

    /// <summary>Logits of weight clipping.</summary>
    Clip,

    /// <summary>Logarithms of the bounds of an activation range.</summary>
    Range,

    /// <summary>Logarithms of what multiplies the scales of rounded rows.</summary>
    Scale,
}
