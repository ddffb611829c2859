using TorchSharp;

namespace MobileQuant.Modeling;

/// <summary>Parameters of a norm.</summary>
/// <param name="Gain">float32 [hidden].</param>
/// <param name="Bias">float32 [hidden], or null.</param>
public sealed record NormWeights(torch.Tensor Gain, torch.Tensor? Bias);
