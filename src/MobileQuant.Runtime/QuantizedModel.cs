using MobileQuant.Artifacts;
using MobileQuant.Kernels;
using MobileQuant.Programs;
using MobileQuant.Text;

namespace MobileQuant;

/// <summary>
/// An integer-only language model, mapped from its artifact. The front door of the runtime:
/// <c>using var model = QuantizedModel.Open(path); using var session = model.CreateSession();</c>
/// One model serves any number of sessions, on any threads.
/// </summary>
public sealed class QuantizedModel : IDisposable
{
    private readonly ArtifactFile? _artifact;
    private readonly Lock _gate = new();
    private readonly Lazy<ChatTemplate?> _chatTemplate;
    private int _sessions;
    private bool _disposed;

    private QuantizedModel(ArtifactFile artifact)
    {
        _artifact = artifact;
        Manifest = artifact.Manifest;
        Program = ProgramReader.Read(artifact);
        TokenizerFiles? files = TokenizerFiles.Read(name => artifact.Tensors.ContainsKey(name) ? artifact.GetBytes(name).ToArray() : null);
        Tokenizer = files is null ? null : TextTokenizer.FromFiles(files);

        // Only when asked for: a template that cannot be read must not keep a model from being used without one.
        _chatTemplate = new(() => files is null ? null : ChatTemplate.FromFiles(files));
    }

    internal QuantizedModel(IntegerProgram program)
    {
        Program = program;
        _chatTemplate = new((ChatTemplate?)null);
    }

    /// <summary>The manifest: precision, recipe, sizes, sites. Null for a program that has no artifact.</summary>
    public ArtifactManifest? Manifest { get; }

    /// <summary>Sizes of the model.</summary>
    public ProgramShape Shape => Program.Shape;

    /// <summary>The tokenizer, or null where the artifact carries none.</summary>
    public TextTokenizer? Tokenizer { get; }

    /// <summary>How the model wants conversations written, or null where the artifact carries no chat template.</summary>
    /// <exception cref="MobileQuantException">MQ2120, MQ2122, MQ2124: there is a template that this version cannot read.</exception>
    public ChatTemplate? ChatTemplate => _chatTemplate.Value;

    /// <summary>Weight bytes that one generated token reads.</summary>
    public long WeightBytesPerToken => Program.WeightBytesPerToken;

    /// <summary>Bytes of KV cache per position and session.</summary>
    public long CacheBytesPerPosition => Program.CacheBytesPerPosition;

    internal IntegerProgram Program { get; }

    /// <summary>Maps an artifact and checks it. The weights themselves are read, and compared with their digests, only when asked.</summary>
    /// <param name="path">A .mq.safetensors file.</param>
    /// <param name="verifyWeights">True: compare the packed weights with their SHA-256 too, at about a second per gigabyte.</param>
    /// <returns>The model.</returns>
    /// <exception cref="MobileQuantException">MQ6000 to MQ6003: not an artifact, another format version, impossible sizes, damaged.</exception>
    public static QuantizedModel Open(string path, bool verifyWeights = false)
    {
        ArtifactFile artifact = ArtifactFile.Open(path);
        try
        {
            artifact.Verify(verifyWeights);
            return new(artifact);
        }
        catch
        {
            artifact.Dispose();
            throw;
        }
    }

    /// <summary>Starts a session: a KV cache of its own over the shared weights.</summary>
    /// <param name="options">Threads and kernel; null: all cores, the best kernel.</param>
    /// <returns>The session.</returns>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    /// <exception cref="MobileQuantException">MQ6050 to MQ6052: the kernel or the number of threads is not to be had.</exception>
    public GenerationSession CreateSession(SessionOptions? options = null)
    {
        options ??= new();
        LinearKernel kernel = options.Kernel is null ? KernelSelection.Default : KernelSelection.ByName(options.Kernel);
        int threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        lock (_gate)
        {
            // Counted before it is made: another thread may dispose the model meanwhile, and must find it in use.
            ObjectDisposedException.ThrowIf(_disposed, this);
            _sessions++;
        }

        try
        {
            return new(this, kernel, threads);
        }
        catch
        {
            EndSession();
            throw;
        }
    }

    /// <summary>Starts a conversation: a session that remembers what was said.</summary>
    /// <param name="options">Who the model is to be, another template, threads; null: the defaults.</param>
    /// <returns>The conversation.</returns>
    /// <exception cref="MobileQuantException">MQ2125: there is no chat template; MQ6013: no tokenizer; otherwise as <see cref="ChatTemplate"/> and <see cref="CreateSession"/>.</exception>
    public ChatSession CreateChat(ChatOptions? options = null) => new(this, options ?? new());

    /// <summary>Ends the model: no new sessions. The file stays mapped until the last session is disposed, since they read its weights.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            UnmapWhenUnused();
        }
    }

    /// <summary>Called once by each session that is disposed.</summary>
    internal void EndSession()
    {
        lock (_gate)
        {
            _sessions--;
            UnmapWhenUnused();
        }
    }

    private void UnmapWhenUnused()
    {
        if (_disposed && _sessions == 0)
        {
            _artifact?.Dispose();
        }
    }
}
