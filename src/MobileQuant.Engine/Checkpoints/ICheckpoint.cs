using MobileQuant.Modeling;
using MobileQuant.Text;

namespace MobileQuant.Checkpoints;

/// <summary>A float model on disk, whatever its container.</summary>
public interface ICheckpoint : IDisposable
{
    /// <summary>The folder or file, absolute.</summary>
    string Path { get; }

    /// <summary>A short name for reports: the last part of the path.</summary>
    string Name { get; }

    /// <summary>What kind of decoder the weights are for.</summary>
    DecoderArchitecture Architecture { get; }

    /// <summary>How this container calls the tensors.</summary>
    TensorNames Names { get; }

    /// <summary>Every file that decides about the quantized model (configuration, weights, tokenizer), absolute, in a stable order.</summary>
    IReadOnlyList<string> Files { get; }

    /// <summary>Reads the tokenizer, in Hugging Face form whatever the container.</summary>
    /// <returns>Its files, not yet parsed; null when the checkpoint has none.</returns>
    /// <exception cref="MobileQuantException">MQ2100: a file cannot be read; MQ2110 to MQ2113: the container's own form makes no sense.</exception>
    TokenizerFiles? ReadTokenizer();

    /// <summary>Whether there is such a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>True when it can be read.</returns>
    bool Contains(string name);

    /// <summary>Dimensions of a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Outermost first.</returns>
    /// <exception cref="MobileQuantException">MQ2005: no such tensor.</exception>
    IReadOnlyList<long> ShapeOf(string name);

    /// <summary>Reads a run of elements as float32, in row-major order.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="start">First element.</param>
    /// <param name="destination">Receives as many elements as it has room for.</param>
    /// <exception cref="MobileQuantException">MQ2005: no such tensor; MQ2007: a type that is not float.</exception>
    void Read(string name, long start, Span<float> destination);
}
