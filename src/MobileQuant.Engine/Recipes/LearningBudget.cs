using MobileQuant.Learning;
using MobileQuant.Modeling;

namespace MobileQuant.Recipes;

/// <summary>How long recipes learn unless the user says otherwise: a rule of the model's size alone, so that every machine does the same.</summary>
internal static class LearningBudget
{
    /// <summary>Parameters times tokens of all steps: what makes 28 million parameters learn about 25 minutes on two cores.</summary>
    private const double Work = 2.3e13;

    /// <summary>What the float model's outputs of all windows may take, to be kept where windows come again in later steps.</summary>
    private const double TargetBytes = 1L << 30;

    private const int FewestSteps = 40;
    private const int MostSteps = 200;

    /// <summary>A small model's user waits seconds for everything else: 2 million parameters learn a good minute on two cores.</summary>
    private const double StepsPerParameter = 20e-6;

    /// <summary>Settings of end-to-end learning.</summary>
    public static LearningSettings EndToEnd(DecoderArchitecture architecture) => Of(architecture, LearningScope.EndToEnd);

    /// <summary>Settings of learning layer by layer: as many steps for each layer as end-to-end learning has for all.</summary>
    public static LearningSettings Block(DecoderArchitecture architecture) => Of(architecture, LearningScope.Block);

    private static LearningSettings Of(DecoderArchitecture architecture, LearningScope scope)
    {
        LearningSettings settings = new() { Scope = scope };
        double tokens = (double)settings.BatchSize * Math.Min(settings.WindowLength, architecture.ContextLength);
        double targets = sizeof(float) * tokens / settings.BatchSize * settings.Windows * architecture.HiddenSize;
        int steps = (int)Math.Clamp(Math.Round(Math.Min(Work / (architecture.ParameterCount * tokens), StepsPerParameter * architecture.ParameterCount)), FewestSteps, MostSteps);
        return settings with
        {
            Steps = steps,
            KeepsTargets = targets <= TargetBytes && (long)steps * settings.BatchSize > settings.Windows,
        };
    }
}
