using MobileQuant.Modeling;

namespace MobileQuant.Lowering;

/// <summary>Gate activations as real functions, to be sampled into tables.</summary>
internal static class ActivationFunction
{
    /// <summary>The function of a kind.</summary>
    public static Func<double, double> Of(ActivationKind kind) => kind switch
    {
        ActivationKind.Silu => x => x / (1 + Math.Exp(-x)),
        ActivationKind.GeluTanh => x => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        ActivationKind.GeluErf => x => 0.5 * x * (1 + ErrorFunction.Of(x / Math.Sqrt(2))),
        _ => throw new MobileQuantException("MQ3053", $"Activation {kind} has no integer table.", "Use a model with SiLU or GELU."),
    };
}
