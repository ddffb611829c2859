using System.Text;
using MobileQuant;

// Tells a story that begins with the words on the command line. The model beside the app was made by the build, and so was the
// class QuantizedModels that names it: see the QuantizedModel item in StoryTeller.csproj.
Console.OutputEncoding = Encoding.UTF8;
string prompt = args.Length > 0 ? string.Join(' ', args) : "Once upon a time";

using CancellationTokenSource stop = new();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};

try
{
    using QuantizedModel model = QuantizedModels.StoriesLlama2m.Open();
    using GenerationSession session = model.CreateSession();
    GenerationOptions options = new() { MaxTokens = 250, Temperature = 0.6, TopK = 40, TopP = 0.95, Seed = 8 };

    Console.Write(prompt);
    try
    {
        foreach (string piece in session.Generate(prompt, options, stop.Token))
        {
            Console.Write(piece);
        }
    }
    catch (OperationCanceledException)
    {
        Console.Write(" ...");
    }

    Console.WriteLine();
    Console.WriteLine();
    if (session.Statistics is { } statistics)
    {
        Console.WriteLine($"{statistics.GeneratedTokens} tokens at {statistics.DecodeTokensPerSecond:0} tokens/s, prompt at {statistics.PrefillTokensPerSecond:0} tokens/s ({session.KernelPath}, {session.Threads} threads)");
    }

    return 0;
}
catch (MobileQuantException e)
{
    Console.Error.WriteLine($"{e.Code}: {e.Message} {e.Remedy}");
    return 1;
}
