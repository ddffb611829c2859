using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Modeling;

/// <summary>Cosines and sines of all positions, float32 [context, rotated / 2].</summary>
internal sealed class RotaryTable : IDisposable
{
    private readonly int _rotated;
    private readonly torch.Tensor _cosines;
    private readonly torch.Tensor _sines;

    public RotaryTable(DecoderArchitecture architecture, double[] frequencies, int positions)
    {
        _rotated = architecture.Rotary.RotatedSize(architecture.HeadSize);
        using torch.Tensor frequency = torch.tensor(frequencies, torch.float64);
        using torch.Tensor position = torch.arange(positions, torch.float64).unsqueeze(1);
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor angle = position * frequency;
        _cosines = angle.cos().to(torch.float32).On(ComputeDevice.Current).DetachFromDisposeScope();
        _sines = angle.sin().to(torch.float32).On(ComputeDevice.Current).DetachFromDisposeScope();
        Positions = positions;
    }

    /// <summary>Positions that the table covers.</summary>
    public int Positions { get; }

    public void Dispose()
    {
        _cosines.Dispose();
        _sines.Dispose();
    }

    /// <summary>Rotates x [batch, heads, tokens, size], whose first token is at <paramref name="start"/>.</summary>
    public torch.Tensor Apply(torch.Tensor x, int start)
    {
        long tokens = x.shape[2];
        long size = x.shape[3];
        torch.Tensor cosine = _cosines.narrow(0, start, tokens);
        torch.Tensor sine = _sines.narrow(0, start, tokens);
        torch.Tensor first = x.narrow(3, 0, _rotated / 2);
        torch.Tensor second = x.narrow(3, _rotated / 2, _rotated / 2);
        torch.Tensor low = (first * cosine) - (second * sine);
        torch.Tensor high = (second * cosine) + (first * sine);
        return _rotated == size ? torch.cat([low, high], 3) : torch.cat([low, high, x.narrow(3, _rotated, size - _rotated)], 3);
    }
}
