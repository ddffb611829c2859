using TorchSharp;

namespace MobileQuant.Modeling;

/// <summary>What the float model calls at every site: observers look at the tensor, quantizers return another one in its place.</summary>
public interface ISiteTap
{
    /// <summary>Whether it is called at the sites inside of operations too (<see cref="Site.IsInner"/>) and for the gains of norms.</summary>
    bool SeesInnerSites => false;

    /// <summary>Called once per site and forward pass, except where <see cref="SiteKind"/> tells of blocks.</summary>
    /// <param name="site">Where.</param>
    /// <param name="value">The tensor, shaped as <see cref="SiteKind"/> tells; not to be changed in place.</param>
    /// <returns>The tensor to go on with: the same one, or a replacement of its shape.</returns>
    torch.Tensor Apply(Site site, torch.Tensor value);

    /// <summary>Called for the weight of every linear layer of the decoder layers.</summary>
    /// <param name="layer">The decoder layer.</param>
    /// <param name="kind">The linear layer.</param>
    /// <param name="weight">float32 [output, input]; not to be changed in place.</param>
    /// <returns>The weight to go on with; a new tensor belongs to the open dispose scope, or to the tap.</returns>
    torch.Tensor ApplyWeight(int layer, LinearKind kind, torch.Tensor weight) => weight;

    /// <summary>Called for the gain of both norms of every decoder layer, where <see cref="SeesInnerSites"/>.</summary>
    /// <param name="output">Where the norm's output is.</param>
    /// <param name="gain">What the normalized row is multiplied by, float32 [hidden]; not to be changed in place.</param>
    /// <returns>The gain to go on with.</returns>
    torch.Tensor ApplyGain(Site output, torch.Tensor gain) => gain;

    /// <summary>Called for the weight of the head.</summary>
    /// <param name="weight">float32 [vocabulary, hidden]; not to be changed in place.</param>
    /// <returns>The weight to go on with.</returns>
    torch.Tensor ApplyHead(torch.Tensor weight) => weight;
}
