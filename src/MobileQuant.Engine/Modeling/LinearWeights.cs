using TorchSharp;

namespace MobileQuant.Modeling;

/// <summary>Parameters of a linear layer.</summary>
/// <param name="Weight">float32 [output, input].</param>
/// <param name="Bias">float32 [output], or null.</param>
public sealed record LinearWeights(torch.Tensor Weight, torch.Tensor? Bias);
