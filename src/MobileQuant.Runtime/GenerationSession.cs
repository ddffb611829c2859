using System.Diagnostics;
using MobileQuant.Decoding;
using MobileQuant.Kernels;
using MobileQuant.Programs;
using MobileQuant.Text;

namespace MobileQuant;

/// <summary>
/// A conversation with a model: a position, a KV cache, and the last logits. Not for use by several threads at once; make a
/// session for each.
/// </summary>
public sealed class GenerationSession : IDisposable
{
    private readonly QuantizedModel _model;
    private readonly ProgramShape _shape;
    private readonly KeyValueCache _cache;
    private readonly Decoder _decoder;
    private readonly int[] _logits;
    private readonly int _prefix;
    private bool _disposed;

    internal GenerationSession(QuantizedModel model, LinearKernel kernel, int threads)
    {
        _model = model;
        _shape = model.Shape;
        _cache = new(_shape);
        _decoder = new(model.Program, kernel, threads);
        _logits = new int[_shape.Vocabulary];
        if (model.Program.Prefix is { } prefix)
        {
            _prefix = prefix.Length;
            _cache.Fill(prefix);
        }
    }

    /// <summary>Receives the logits of some positions of a prompt.</summary>
    /// <param name="position">The position that the logits follow.</param>
    /// <param name="logits">[vocabulary], s32 with 16 fraction bits; valid during the call.</param>
    public delegate void LogitsReceiver(int position, ReadOnlySpan<int> logits);

    /// <summary>Fraction bits of a logit: the real logit is <c>code * 2^-16</c>.</summary>
    public static int LogitFractionBits => IntegerProgram.LogitFractionBits;

    /// <summary>Tokens in the cache, the stored ones that every session starts behind not counted.</summary>
    public int Position { get; private set; }

    /// <summary>Tokens that a session can hold: the model's context without what every session starts behind.</summary>
    public int ContextLength => _shape.Context - _prefix;

    /// <summary>The kernel in use: scalar, avx2, advsimd, advsimd-dp.</summary>
    public string KernelPath => _decoder.KernelPath;

    /// <summary>Threads in use.</summary>
    public int Threads => _decoder.Threads;

    /// <summary>What the last generation took; null before the first.</summary>
    public GenerationStatistics? Statistics { get; private set; }

    /// <summary>Logits after the last token: [vocabulary], s32 with 16 fraction bits.</summary>
    public ReadOnlySpan<int> Logits => _logits;

    internal Decoder Decoder => _decoder;

    /// <summary>Forgets everything: the next token is at position 0.</summary>
    public void Reset()
    {
        Position = 0;
        Array.Clear(_logits);
    }

    /// <summary>Forgets the last tokens, so that others can follow the first ones instead. There are no logits until the next token.</summary>
    /// <param name="position">How many tokens stay, in [0, <see cref="Position"/>].</param>
    public void Rewind(int position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, Position);
        Position = position;
        Array.Clear(_logits);
    }

    /// <summary>Runs tokens through the model and leaves the logits after the last one in <see cref="Logits"/>.</summary>
    /// <param name="tokens">At least one id, each in [0, vocabulary).</param>
    /// <param name="receiver">Called for every position, or null.</param>
    /// <param name="cancellationToken">Cancels between chunks; the session then stands after the last finished chunk.</param>
    /// <exception cref="MobileQuantException">MQ6011: more tokens than the context has room for. MQ6012: an id outside of the vocabulary. MQ6014: no tokens.</exception>
    public void Prefill(ReadOnlySpan<int> tokens, LogitsReceiver? receiver = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (tokens.IsEmpty)
        {
            throw new MobileQuantException("MQ6014", "There is nothing to run: the prompt has no tokens.", "Give a prompt of at least one token.");
        }

        if (tokens.Length > ContextLength - Position)
        {
            throw new MobileQuantException(
                "MQ6011",
                $"{tokens.Length} tokens do not fit: {Position} of {ContextLength} positions of the context are taken.",
                "Shorten the prompt, or reset the session.");
        }

        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)_shape.Vocabulary)
            {
                throw new MobileQuantException("MQ6012", $"Token id {token} is outside of the vocabulary of {_shape.Vocabulary}.", "Use this model's own tokenizer.");
            }
        }

        _cache.Reserve(_prefix + Position + tokens.Length, _prefix + Position);
        while (!tokens.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(tokens.Length, Decoder.ChunkRows);
            _decoder.Run(tokens[..count], _cache, _prefix + Position);
            tokens = tokens[count..];
            int first = receiver is null ? count - 1 : 0;
            if (receiver is not null || tokens.IsEmpty)
            {
                ReadLogits(first, count, receiver);
            }

            Position += count;
        }
    }

    /// <summary>Runs one token; the form of <see cref="Prefill"/> that allocates nothing.</summary>
    /// <param name="token">An id in [0, vocabulary).</param>
    /// <returns>The logits after it, valid until the next call.</returns>
    public ReadOnlySpan<int> Decode(int token)
    {
        Prefill(new ReadOnlySpan<int>(in token));
        return _logits;
    }

    /// <summary>Continues a prompt, piece by piece. Pieces are whole characters; their sum is the text.</summary>
    /// <param name="prompt">Text; appended to what the session holds.</param>
    /// <param name="options">Sampling; null: the defaults.</param>
    /// <param name="cancellationToken">Stops between tokens.</param>
    /// <returns>The pieces, made as they are read.</returns>
    /// <exception cref="MobileQuantException">MQ6010 to MQ6013.</exception>
    public IEnumerable<string> Generate(string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        TextTokenizer tokenizer = _model.Tokenizer
            ?? throw new MobileQuantException("MQ6013", "The model carries no tokenizer.", "Use the overloads that take token ids.");
        options ??= new();
        options.Validate();
        int[] tokens = tokenizer.Encode(prompt, Position == 0 && options.AddBeginOfText);
        return GenerateText(tokenizer, tokens, options, cancellationToken);
    }

    /// <summary>Continues token ids, id by id. An end-of-text token is not returned.</summary>
    /// <param name="prompt">At least one id.</param>
    /// <param name="options">Sampling; null: the defaults.</param>
    /// <param name="cancellationToken">Stops between tokens.</param>
    /// <returns>The new ids, made as they are read.</returns>
    /// <exception cref="MobileQuantException">MQ6010 to MQ6012.</exception>
    public IEnumerable<int> GenerateTokens(IReadOnlyList<int> prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        options.Validate();
        return GenerateCore([.. prompt], options, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _decoder.Dispose();
        _cache.Dispose();
        _model.EndSession();
    }

    private IEnumerable<string> GenerateText(TextTokenizer tokenizer, int[] tokens, GenerationOptions options, CancellationToken cancellationToken)
    {
        // The stream knows the prompt: whether a leading space belongs to the text depends on what came before.
        StreamingDetokenizer stream = tokenizer.CreateStream(tokens);
        foreach (int token in GenerateCore(tokens, options, cancellationToken))
        {
            string piece = stream.Push(token);
            if (piece.Length > 0)
            {
                yield return piece;
            }
        }

        string rest = stream.Flush();
        if (rest.Length > 0)
        {
            yield return rest;
        }
    }

    private IEnumerable<int> GenerateCore(int[] prompt, GenerationOptions options, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        Prefill(prompt, null, cancellationToken);
        TimeSpan prefill = Stopwatch.GetElapsedTime(start);
        Sampler sampler = new(options, _shape.Vocabulary, LogitFractionBits);
        IReadOnlyList<int> ends = [.. _model.Manifest?.EndOfTextIds ?? [], .. options.EndIds];
        start = Stopwatch.GetTimestamp();
        int generated = 0;
        StopReason reason = StopReason.None;
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int token = sampler.Next(_logits);
                if (ends.Contains(token))
                {
                    reason = StopReason.EndOfText;
                    yield break;
                }

                generated++;
                yield return token;
                if (generated == options.MaxTokens)
                {
                    reason = StopReason.MaxTokens;
                    yield break;
                }

                if (Position == ContextLength)
                {
                    reason = StopReason.ContextFull;
                    yield break;
                }

                Decode(token);
            }
        }
        finally
        {
            Statistics = new(prompt.Length, generated, prefill, Stopwatch.GetElapsedTime(start), reason);
        }
    }

    private void ReadLogits(int first, int count, LogitsReceiver? receiver)
    {
        for (int row = first; row < count; row += Decoder.HeadRows)
        {
            int rows = Math.Min(Decoder.HeadRows, count - row);
            ReadOnlySpan<int> logits = _decoder.Logits(row, rows);
            for (int r = 0; r < rows; r++)
            {
                ReadOnlySpan<int> one = logits.Slice(r * _shape.Vocabulary, _shape.Vocabulary);
                receiver?.Invoke(Position + row + r, one);
                if (row + r == count - 1)
                {
                    one.CopyTo(_logits);
                }
            }
        }
    }
}
