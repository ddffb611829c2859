using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>A <see cref="LearnedRange"/> as passes beside the CPU see it.</summary>
internal sealed class RemoteRange : IDisposable
{
    private readonly LearnedRange _range;
    private readonly LearnedLeaf _grid;
    private readonly LearnedLeaf _sums;

    /// <param name="range">What it follows.</param>
    public RemoteRange(LearnedRange range)
    {
        _range = range;
        _grid = new(torch.zeros(3, range.Groups), gathersGradient: false);
        _sums = new(torch.zeros(3, range.Groups));
        Fill();
    }

    /// <summary>Rounds.</summary>
    public torch.Tensor Apply(torch.Tensor x) => FakeQuantization.Ranges(x, _grid.Leaf, _sums.Leaf);

    /// <summary>Lets the next passes see the range as it is now.</summary>
    public void Fill()
    {
        Span<float> values = WeightRow.Floats(_grid.Host);
        for (int group = 0; group < _range.Groups; group++)
        {
            (float step, float lowest, float highest) = _range.Grid(group);
            (values[group], values[_range.Groups + group], values[(2 * _range.Groups) + group]) = (step, lowest, highest);
        }

        _grid.Publish();
    }

    /// <summary>Hands what passes gathered to the range.</summary>
    public void TakeGradient() => _sums.TakeGradient(gathered =>
    {
        ReadOnlySpan<float> sums = WeightRow.Floats(gathered);
        for (int group = 0; group < _range.Groups; group++)
        {
            _range.AddGradient(group, new(sums[group], sums[_range.Groups + group], sums[(2 * _range.Groups) + group]));
        }
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        _grid.Dispose();
        _sums.Dispose();
    }
}
