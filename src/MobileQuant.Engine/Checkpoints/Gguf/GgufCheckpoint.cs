using MobileQuant.Modeling;
using MobileQuant.Text;

namespace MobileQuant.Checkpoints.Gguf;

/// <summary>A GGUF file as a checkpoint: one file with weights, configuration and tokenizer.</summary>
public sealed class GgufCheckpoint : ICheckpoint
{
    private readonly GgufFile _file;
    private readonly GgufModel _model;

    private GgufCheckpoint(GgufFile file, GgufModel model)
    {
        _file = file;
        _model = model;
    }

    /// <inheritdoc/>
    public string Path => _file.Path;

    /// <inheritdoc/>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <inheritdoc/>
    public DecoderArchitecture Architecture => _model.Architecture;

    /// <inheritdoc/>
    public TensorNames Names => GgufModel.Names;

    /// <inheritdoc/>
    public IReadOnlyList<string> Files => [Path];

    /// <summary>The file's key-value pairs; usable until the checkpoint is disposed.</summary>
    public GgufMetadata Metadata => _file.Metadata;

    /// <summary>Opens a file.</summary>
    /// <param name="path">A .gguf file.</param>
    /// <returns>The checkpoint; dispose it after the last read.</returns>
    /// <exception cref="MobileQuantException">
    /// MQ2020 to MQ2023: the container; MQ2024, MQ2027: its metadata; MQ2003: another architecture; MQ2004: a feature that is not
    /// supported; MQ2005: a tensor is missing; MQ2026: a part of a model.
    /// </exception>
    public static GgufCheckpoint Open(string path)
    {
        GgufFile file = GgufFile.Open(System.IO.Path.GetFullPath(path));
        try
        {
            return new(file, GgufModel.Read(file));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public TokenizerFiles? ReadTokenizer() => GgufTokenizer.Read(Metadata);

    /// <inheritdoc/>
    public bool Contains(string name) => _file.Find(name) is not null;

    /// <inheritdoc/>
    public IReadOnlyList<long> ShapeOf(string name) => Find(name).Shape;

    /// <inheritdoc/>
    public void Read(string name, long start, Span<float> destination)
    {
        GgufTensor tensor = Find(name);
        if (_model.IsInterleaved(name))
        {
            RotaryRows.Read(_file, tensor, Architecture.HeadSize, Architecture.Rotary.RotatedSize(Architecture.HeadSize), start, destination);
        }
        else
        {
            _file.Read(tensor, start, destination);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private GgufTensor Find(string name) => _file.Find(name)
        ?? throw new MobileQuantException("MQ2005", $"{Path}: tensor '{name}' is missing.", "The file is incomplete, or was converted by a broken program; use another file of the model.");
}
