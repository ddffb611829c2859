namespace MobileQuant.Learning;

/// <summary>What end-to-end learning makes small.</summary>
public enum LearningLoss
{
    /// <summary>Mean squared error on the residual stream behind the last layer, before the final norm: the paper's.</summary>
    HiddenState,

    /// <summary>Mean squared error on the input of the head.</summary>
    FinalNorm,

    /// <summary>Kullback-Leibler divergence of the next-token distributions: the one that works when one channel is massive.</summary>
    Logits,

    /// <summary><see cref="Logits"/> where a measurement on the float model finds a massive channel, else <see cref="HiddenState"/>.</summary>
    Measured,
}
