namespace MobileQuant.Modeling;

/// <summary>The non-linearity of the MLP.</summary>
public enum ActivationKind
{
    /// <summary>x * sigmoid(x).</summary>
    Silu,

    /// <summary>GELU in its tanh form.</summary>
    GeluTanh,

    /// <summary>GELU with the error function.</summary>
    GeluErf,
}
