using System.Text;
using MobileQuant;

// A conversation in the terminal with the model that the build made out of $(ChatModel): see Chat.csproj and docs/chat.md.
Console.OutputEncoding = Encoding.UTF8;
CancellationTokenSource? answering = null;
Console.CancelKeyPress += (_, e) =>
{
    // Ctrl-C stops an answer; where there is none, the app.
    e.Cancel = answering is not null;
    answering?.Cancel();
};

try
{
    using QuantizedModel model = QuantizedModel.Open(Path.Combine(AppContext.BaseDirectory, "models", "chat.mq.safetensors"));
    using ChatSession chat = model.CreateChat(new ChatOptions { SystemMessage = args.Length > 0 ? string.Join(' ', args) : null });
    GenerationOptions options = new() { MaxTokens = 512, Temperature = 0.3 };
    Console.WriteLine("Ask something; an empty line ends the conversation.");
    while (true)
    {
        Console.Write("> ");
        if (Console.ReadLine() is not { Length: > 0 } question)
        {
            return 0;
        }

        using (answering = new CancellationTokenSource())
        {
            try
            {
                foreach (string piece in chat.Ask(question, options, answering.Token))
                {
                    Console.Write(piece);
                }
            }
            catch (OperationCanceledException)
            {
                Console.Write(" ...");
            }
        }

        answering = null;
        Console.WriteLine();
    }
}
catch (MobileQuantException e)
{
    Console.Error.WriteLine($"{e.Code}: {e.Message} {e.Remedy}");
    return 1;
}
