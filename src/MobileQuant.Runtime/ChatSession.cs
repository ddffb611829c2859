using System.Text;
using MobileQuant.Text;

namespace MobileQuant;

/// <summary>
/// A conversation with a model: what was said, and a session that has read it. Each question reads only what is new. When the
/// context is full, the oldest questions are forgotten with their answers, the system message never. Not for use by several threads at once.
/// </summary>
public sealed class ChatSession : IDisposable
{
    // An answer that is cut off after a few words is no answer: older messages go before that.
    private const int AnswerShare = 4;

    private readonly TextTokenizer _tokenizer;
    private readonly ChatTemplate _template;
    private readonly ChatOptions _options;
    private readonly GenerationSession _session;
    private readonly List<ChatMessage> _messages = [];
    private readonly List<int> _read = [];
    private readonly int[] _endIds;
    private bool _isAnswering;

    internal ChatSession(QuantizedModel model, ChatOptions options)
    {
        _tokenizer = model.Tokenizer ?? throw new MobileQuantException("MQ6013", "The model carries no tokenizer.", "Make the artifact anew from a checkpoint that has one.");
        _template = options.Template ?? model.ChatTemplate ?? throw new MobileQuantException(
            "MQ2125",
            "The model carries no chat template: it may not be made for conversations.",
            "Use a chat or instruct model, or give the template that it was trained with.");
        _options = options;
        _endIds = [.. ChatEnds.Find(_tokenizer, _template, options.Variables)];
        _session = model.CreateSession(options.Session);
        Reset();
    }

    /// <summary>What was said, oldest first. A question appears with its answer, while the answer is being given.</summary>
    public IReadOnlyList<ChatMessage> Messages => _messages;

    /// <summary>Messages that were forgotten because the context was full.</summary>
    public int ForgottenMessages { get; private set; }

    /// <summary>What the last answer took; prompt tokens are those that were new. Null before the first.</summary>
    public GenerationStatistics? Statistics => _session.Statistics;

    /// <summary>The kernel in use.</summary>
    public string KernelPath => _session.KernelPath;

    /// <summary>Threads in use.</summary>
    public int Threads => _session.Threads;

    /// <summary>Tokens that end an answer, besides those that end every text of the model.</summary>
    public IReadOnlyList<int> EndIds => _endIds;

    /// <summary>Forgets everything that was said but the system message.</summary>
    public void Reset()
    {
        ThrowIfAnswering();
        _messages.Clear();
        ForgottenMessages = 0;
        if (_options.SystemMessage is { } system)
        {
            _messages.Add(new(ChatMessage.SystemRole, system));
        }
    }

    /// <summary>
    /// Asks something and streams the answer. A cancelled answer, or one whose pieces are no longer read, stays in
    /// <see cref="Messages"/> as far as it was said; if nothing was said yet, the question is taken back.
    /// </summary>
    /// <param name="question">What the user says.</param>
    /// <param name="options">Sampling; null: the defaults.</param>
    /// <param name="cancellationToken">Stops between tokens.</param>
    /// <returns>The pieces of the answer, made as they are read; nothing happens before the first is asked for.</returns>
    /// <exception cref="MobileQuantException">MQ2121 to MQ2123: the template fails; MQ2126: the question alone does not fit the context; MQ6010.</exception>
    /// <exception cref="OperationCanceledException">The answer was cancelled; the conversation can go on.</exception>
    public IEnumerable<string> Ask(string question, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(question);
        options ??= new();
        options.Validate();
        return Answer(question, options with { EndIds = [.. options.EndIds, .. _endIds] }, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private IEnumerable<string> Answer(string question, GenerationOptions options, CancellationToken cancellationToken)
    {
        ThrowIfAnswering();
        _isAnswering = true;
        StringBuilder answer = new();
        GenerationStatistics? earlier = _session.Statistics;
        _messages.Add(new(ChatMessage.UserRole, question));
        try
        {
            int[] prompt = Fit(options.MaxTokens);
            StreamingDetokenizer stream = _tokenizer.CreateStream(prompt);
            foreach (int id in _session.GenerateTokens(Unread(prompt), options, cancellationToken))
            {
                _read.Add(id);
                string piece = stream.Push(id);
                if (piece.Length > 0)
                {
                    answer.Append(piece);
                    yield return piece;
                }
            }

            string rest = stream.Flush();
            if (rest.Length > 0)
            {
                answer.Append(rest);
                yield return rest;
            }
        }
        finally
        {
            bool hasEnded = _session.Statistics is { StopReason: StopReason.EndOfText } now && !ReferenceEquals(now, earlier);
            Finish(answer.ToString(), hasEnded);
        }
    }

    private void Finish(string answer, bool hasEnded)
    {
        _isAnswering = false;

        // The last token may not have been run, and a cancelled prompt not in full.
        if (_read.Count > _session.Position)
        {
            _read.RemoveRange(_session.Position, _read.Count - _session.Position);
        }

        if (answer.Length > 0 || hasEnded)
        {
            _messages.Add(new(ChatMessage.AssistantRole, answer));
        }
        else
        {
            _messages.RemoveAt(_messages.Count - 1);
        }
    }

    /// <summary>The ids of the whole conversation, with the oldest questions forgotten until there is room for an answer.</summary>
    private int[] Fit(int answerTokens)
    {
        int room = Math.Min(answerTokens, _session.ContextLength / AnswerShare);
        List<ChatMessage> kept = [.. _messages];
        while (true)
        {
            int[] ids = Encode(kept);
            if (ids.Length + room <= _session.ContextLength)
            {
                ForgottenMessages += _messages.Count - kept.Count;
                _messages.Clear();
                _messages.AddRange(kept);
                return ids;
            }

            // The oldest question goes with what was answered.
            int first = kept.FindIndex(message => message.Role == ChatMessage.UserRole);
            int next = kept.FindIndex(first + 1, message => message.Role == ChatMessage.UserRole);
            if (next < 0)
            {
                throw new MobileQuantException(
                    "MQ2126",
                    $"The question needs {ids.Length} tokens with what the template adds; the context has {_session.ContextLength}, of which {room} are kept for the answer.",
                    "Shorten the question or the system message, or ask for a shorter answer.");
            }

            kept.RemoveRange(first, next - first);
        }
    }

    private int[] Encode(List<ChatMessage> messages)
    {
        string text = _template.Render(messages, addGenerationPrompt: true, _options.Variables);
        int[] ids = _tokenizer.Encode(text, addSpecialTokens: false);

        // A tokenizer that begins every text with a token does so here too, unless the template wrote it.
        return _tokenizer is { AddsBeginOfText: true, BeginOfTextId: { } begin } && (ids.Length == 0 || ids[0] != begin) ? [begin, .. ids] : ids;
    }

    /// <summary>Takes the session back to where the prompt goes on, and gives the rest of the prompt: at least one token, for its logits.</summary>
    private int[] Unread(int[] prompt)
    {
        int common = Math.Min(prompt.AsSpan().CommonPrefixLength(_read.ToArray()), prompt.Length - 1);
        _session.Rewind(common);
        _read.Clear();
        _read.AddRange(prompt);
        return prompt[common..];
    }

    private void ThrowIfAnswering()
    {
        if (_isAnswering)
        {
            throw new InvalidOperationException("An answer is still being given: read it to its end, or dispose its enumerator.");
        }
    }
}
