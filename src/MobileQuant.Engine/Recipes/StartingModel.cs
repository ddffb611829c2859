using MobileQuant.Checkpoints;
using MobileQuant.Modeling;
using MobileQuant.Rotation;

namespace MobileQuant.Recipes;

/// <summary>A checkpoint's float model as a recipe starts from it: as it is, or rotated. Owns its weights until they are released.</summary>
internal sealed class StartingModel : IDisposable
{
    private readonly ICheckpoint _checkpoint;
    private readonly ModelRotation? _rotation;
    private readonly DecoderWeights _weights;
    private bool _isReleased;

    private StartingModel(ICheckpoint checkpoint, ModelRotation? rotation, DecoderWeights weights)
    {
        _checkpoint = checkpoint;
        _rotation = rotation;
        _weights = weights;
        Model = new(rotation?.Architecture ?? checkpoint.Architecture, weights);
    }

    /// <summary>The model; it does not own the weights.</summary>
    public DecoderModel Model { get; }

    /// <summary>Whether it is rotated.</summary>
    public bool IsRotated => _rotation is not null;

    /// <summary>Loads a model.</summary>
    /// <param name="checkpoint">The checkpoint; must stay open as long as layers may be restored.</param>
    /// <param name="rotates">Whether to rotate it.</param>
    /// <param name="seed">Decides the rotation.</param>
    /// <param name="progress">Told about steps <c>load</c> and <c>rotate</c>.</param>
    /// <param name="cancellationToken">Stops between tensors.</param>
    public static StartingModel Load(ICheckpoint checkpoint, bool rotates, int seed, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        ModelRotation? rotation = rotates ? new(checkpoint.Architecture, seed) : null;
        DecoderWeights? weights = null;
        try
        {
            weights = WeightLoader.Load(checkpoint, progress, cancellationToken);
            if (rotation is not null)
            {
                progress?.Report(new QuantizationEvent.Progress("rotate", "rotating the model", 0, 0));
                weights = rotation.Fold(weights);
            }

            return new(checkpoint, rotation, weights);
        }
        catch
        {
            weights?.Dispose();
            rotation?.Dispose();
            throw;
        }
    }

    /// <summary>Puts the decoder layers' weights back to what they were when loaded.</summary>
    public void RestoreLayers()
    {
        WeightLoader.RestoreLayers(_checkpoint, _weights);
        _rotation?.FoldLayers(_weights);
    }

    /// <summary>Leaves the weights to the graph that was made of them.</summary>
    public void Release() => _isReleased = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        Model.Dispose();
        _rotation?.Dispose();
        if (!_isReleased)
        {
            _weights.Dispose();
        }
    }
}
