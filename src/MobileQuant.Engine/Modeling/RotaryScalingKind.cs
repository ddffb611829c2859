namespace MobileQuant.Modeling;

/// <summary>How rotary frequencies are stretched for contexts longer than the one of pre-training.</summary>
public enum RotaryScalingKind
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>All frequencies divided by the factor.</summary>
    Linear,

    /// <summary>Low frequencies divided by the factor, high ones kept, a ramp between them (Llama 3.1).</summary>
    Llama3,

    /// <summary>Each frequency divided by a number of its own, which the checkpoint holds.</summary>
    Divisors,
}
