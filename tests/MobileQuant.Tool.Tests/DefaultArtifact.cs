using MobileQuant.Tests;
using MobileQuant.Tests.Caching;

namespace MobileQuant.Tool.Tests;

/// <summary>The embedded default model, quantized once through the command line for all tests of a class.</summary>
public sealed class DefaultArtifact : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    internal TemporaryFolder Folder => _folder;

    internal string Path => _folder["stories.mq.safetensors"];

    /// <summary>What quantizing printed.</summary>
    internal CommandRun Run { get; private set; } = null!;

    /// <summary>Some windows of text of the kind that the model knows.</summary>
    internal string Text => _folder["stories.txt"];

    internal string[] QuantizeArguments(params string[] more) =>
        ["quantize", SharedData.DefaultModel, "-o", Path, "--recipe", "RoundToNearest", "--calibration", "stories.txt", "--base-directory", _folder.Path, "--cache-directory", _folder["store"], "--json", .. more];

    public async Task InitializeAsync()
    {
        string[] stories =
        [
            "Once upon a time, there was a little girl named Lily. She loved to play outside in the sunshine.",
            "One day, Tom and his mom went to the park. They saw a big dog, and the dog wanted to play with Tom.",
            "The little bird was sad because it could not fly. Its friend the cat said, \"I will help you.\"",
            "Ben had a red ball. He threw the ball very high, and it landed on the roof. Ben was not happy.",
        ];
        _folder.Write("stories.txt", string.Join("\n\n", Enumerable.Range(0, 60).Select(i => stories[(i * 7) % 4] + " " + stories[(i * 3 + 1) % 4])));
        Run = await CommandRun.Of(QuantizeArguments());
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _folder.Dispose();
}
