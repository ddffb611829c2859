using TorchSharp;

namespace MobileQuant.Modeling;

/// <summary>What the float model calls at every site: observers look at the tensor, quantizers return another one in its place.</summary>
public interface ISiteTap
{
    /// <summary>Called once per site and forward pass.</summary>
    /// <param name="site">Where.</param>
    /// <param name="value">The tensor, shaped as <see cref="SiteKind"/> tells; not to be changed in place.</param>
    /// <returns>The tensor to go on with: the same one, or a replacement of its shape.</returns>
    torch.Tensor Apply(Site site, torch.Tensor value);
}
