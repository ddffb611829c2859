using System.Text;
using MobileQuant.Tool.Output;

namespace MobileQuant.Tool.Commands;

/// <summary>A conversation on the console: answers go to standard output, everything else to standard error.</summary>
internal sealed class ChatRun(ToolConsole console, ChatSession chat, GenerationOptions options)
{
    private const string Help = "/reset forgets what was said, /exit ends; Ctrl-C stops an answer.";

    private readonly Lock _gate = new();
    private CancellationTokenSource? _answering;
    private bool _wasInterrupted;

    /// <summary>Answers one question, streaming unless <paramref name="json"/>.</summary>
    /// <returns>The answer.</returns>
    public string AskOnce(string question, bool json, CancellationToken cancellationToken)
    {
        StringBuilder answer = new();
        foreach (string piece in chat.Ask(question, options, cancellationToken))
        {
            answer.Append(piece);
            if (!json)
            {
                Write(piece);
            }
        }

        return answer.ToString();
    }

    /// <summary>Reads messages line by line and answers them until the input or the user ends the conversation.</summary>
    public void Converse(CancellationToken cancellationToken)
    {
        using IDisposable diversion = Interruption.Divert(OnInterrupt);
        if (console.IsInTerminal)
        {
            console.Error.WriteLine(Help);
        }

        while (ReadLine() is { } line)
        {
            cancellationToken.ThrowIfCancellationRequested();
            switch (line.Trim())
            {
                case "":
                    break;
                case "/exit":
                    return;
                case "/reset":
                    chat.Reset();
                    break;
                case "/help":
                    console.Error.WriteLine(Help);
                    break;
                default:
                    Answer(line, cancellationToken);
                    break;
            }
        }
    }

    private string? ReadLine()
    {
        if (console.IsInTerminal)
        {
            console.Error.Write("> ");
            console.Error.Flush();
        }

        string? line = console.In.ReadLine();
        _wasInterrupted = false;
        return line;
    }

    private void Answer(string question, CancellationToken cancellationToken)
    {
        int forgotten = chat.ForgottenMessages;
        using CancellationTokenSource answering = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        SetAnswering(answering);
        try
        {
            foreach (string piece in chat.Ask(question, options, answering.Token))
            {
                Write(piece);
            }

            console.Out.WriteLine();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            console.Out.WriteLine(" ...");
        }
        catch (MobileQuantException e) when (console.IsInTerminal)
        {
            // Who types can ask something else; a script should not go on.
            console.Error.WriteLine($"error {e.Code}: {e.Message}");
            console.Error.WriteLine($"  {e.Remedy}");
        }
        finally
        {
            SetAnswering(null);
        }

        if (chat.ForgottenMessages > forgotten)
        {
            console.Error.WriteLine($"[the context is full: the {chat.ForgottenMessages - forgotten} oldest messages were forgotten]");
        }
    }

    private void Write(string piece)
    {
        console.Out.Write(piece);
        console.Out.Flush();
    }

    private void SetAnswering(CancellationTokenSource? answering)
    {
        lock (_gate)
        {
            _answering = answering;
        }
    }

    /// <summary>Stops the answer; where there is none, the first Ctrl-C says how to end and the second ends.</summary>
    private bool OnInterrupt()
    {
        lock (_gate)
        {
            if (_answering is { } answering)
            {
                answering.Cancel();
                return true;
            }

            if (_wasInterrupted || !console.IsInTerminal)
            {
                // A read from a terminal cannot be stopped otherwise.
                Environment.Exit(ExitCodes.Cancelled);
            }

            _wasInterrupted = true;
            console.Error.WriteLine();
            console.Error.WriteLine("Ctrl-C once more, or /exit, ends the conversation.");
            console.Error.Write("> ");
            return true;
        }
    }
}
