using System.CommandLine;
using System.Diagnostics;
using System.Text;
using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Commands;

/// <summary><c>mobilequant run</c>: an artifact continues a prompt, or holds a conversation.</summary>
internal sealed class RunCommand
{
    /// <summary>Shown below the help.</summary>
    public const string Examples = """
          mobilequant run tiny.mq.safetensors --prompt "Once upon a time"
          mobilequant run tiny.mq.safetensors --prompt "The answer is" --temperature 0 --max-tokens 32 --json
          mobilequant run chat.mq.safetensors --chat --system "You answer in one sentence."
          mobilequant run chat.mq.safetensors --chat --prompt "What is the capital of France?" --temperature 0
          cat prompt.txt | mobilequant run tiny.mq.safetensors --prompt -
        """;

    private static readonly GenerationOptions Defaults = new();

    private readonly Argument<string> _artifact = new("artifact") { Description = "A .mq.safetensors file." };
    private readonly Option<string?> _prompt = new("--prompt", "-p") { Description = "The text to continue, or the question to answer; - reads standard input. Only --chat can do without.", HelpName = "text" };
    private readonly Option<bool> _chat = new("--chat") { Description = "Hold a conversation: messages are read line by line; with --prompt, answer one question." };
    private readonly Option<string?> _system = new("--system") { Description = "What the model is told before the conversation.", HelpName = "text" };
    private readonly Option<string?> _chatTemplate = new("--chat-template") { Description = "A file with a Jinja chat template, instead of the model's own.", HelpName = "file" };
    private readonly Option<int> _maxTokens = new("--max-tokens", "-n") { Description = "Largest number of new tokens.", DefaultValueFactory = _ => Defaults.MaxTokens, HelpName = "number" };
    private readonly Option<double> _temperature = new("--temperature") { Description = "0: always the likeliest token.", DefaultValueFactory = _ => Defaults.Temperature, HelpName = "number" };
    private readonly Option<int> _topK = new("--top-k") { Description = "Keep the k likeliest tokens; 0: all.", DefaultValueFactory = _ => Defaults.TopK, HelpName = "number" };
    private readonly Option<double> _topP = new("--top-p") { Description = "Keep the likeliest tokens that sum to this probability.", DefaultValueFactory = _ => Defaults.TopP, HelpName = "number" };
    private readonly Option<int> _seed = new("--seed") { Description = "The same seed gives the same text.", DefaultValueFactory = _ => Defaults.Seed, HelpName = "number" };
    private readonly Option<int> _threads = CommonOptions.Threads();
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly ToolConsole _console;

    private RunCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        RunCommand self = new(console);
        Command command = new("run", "Continues a prompt, or holds a conversation; the new text is streamed to standard output.")
        {
            self._artifact, self._prompt, self._chat, self._system, self._chatTemplate, self._maxTokens, self._temperature, self._topK, self._topP, self._seed, self._threads, self._json,
        };
        command.SetAction((parsed, token) => Task.Run(() => self.Run(parsed, token), token));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        GenerationOptions options = new()
        {
            MaxTokens = parsed.GetValue(_maxTokens),
            Temperature = parsed.GetValue(_temperature),
            TopK = parsed.GetValue(_topK),
            TopP = parsed.GetValue(_topP),
            Seed = parsed.GetValue(_seed),
        };
        options.Validate();
        bool isChat = parsed.GetValue(_chat);
        bool json = parsed.GetValue(_json);
        CheckOptions(parsed, isChat, json);
        string? prompt = parsed.GetValue(_prompt) is var text && text == "-" ? _console.In.ReadToEnd() : text;
        ChatTemplateFile? template = ChatTemplateFile.Read(parsed.GetValue(_chatTemplate));
        string name = parsed.GetRequiredValue(_artifact);
        SessionOptions session = new() { Threads = CommonOptions.ReadThreads(parsed, _threads) };
        long start = Stopwatch.GetTimestamp();
        using QuantizedModel model = QuantizedModel.Open(Path.GetFullPath(name));
        if (isChat)
        {
            ChatOptions chat = new() { SystemMessage = parsed.GetValue(_system), Template = template?.Parse(model), Session = session };
            Chat(model, name, chat, options, prompt, json, start, cancellationToken);
        }
        else
        {
            Continue(model, name, session, options, prompt!, json, start, cancellationToken);
        }

        return ExitCodes.Good;
    }

    private void CheckOptions(ParseResult parsed, bool isChat, bool json)
    {
        bool hasPrompt = parsed.GetValue(_prompt) is not null;
        string? problem = !isChat && !hasPrompt ? "There is neither --prompt nor --chat."
            : !isChat && parsed.GetValue(_system) is not null ? "--system is given without --chat."
            : !isChat && parsed.GetValue(_chatTemplate) is not null ? "--chat-template is given without --chat."
            : isChat && json && !hasPrompt ? "--chat with --json needs --prompt: a conversation has no single result."
            : null;
        if (problem is not null)
        {
            throw new MobileQuantException("MQ1013", problem, "Give a text to continue with --prompt, or hold a conversation with --chat.");
        }
    }

    private void Continue(QuantizedModel model, string name, SessionOptions sessionOptions, GenerationOptions options, string prompt, bool json, long start, CancellationToken cancellationToken)
    {
        using GenerationSession session = model.CreateSession(sessionOptions);
        double loadSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        StringBuilder whole = new();
        foreach (string piece in session.Generate(prompt, options, cancellationToken))
        {
            whole.Append(piece);
            if (!json)
            {
                _console.Out.Write(piece);
                _console.Out.Flush();
            }
        }

        RunReport.Write(_console, name, whole.ToString(), session.Statistics!, loadSeconds, session.KernelPath, session.Threads, json);
    }

    private void Chat(QuantizedModel model, string name, ChatOptions chatOptions, GenerationOptions options, string? question, bool json, long start, CancellationToken cancellationToken)
    {
        using ChatSession chat = CreateChat(model, chatOptions);
        double loadSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        ChatRun run = new(_console, chat, options);
        if (question is null)
        {
            run.Converse(cancellationToken);
            return;
        }

        string answer = run.AskOnce(question, json, cancellationToken);
        RunReport.Write(_console, name, answer, chat.Statistics!, loadSeconds, chat.KernelPath, chat.Threads, json);
    }

    private static ChatSession CreateChat(QuantizedModel model, ChatOptions options)
    {
        try
        {
            return model.CreateChat(options);
        }
        catch (MobileQuantException e) when (e.Code == "MQ2125")
        {
            throw new MobileQuantException(e.Code, e.Message, "Use a chat or instruct model, or give the template that it was trained with: --chat-template FILE.", e);
        }
    }
}
