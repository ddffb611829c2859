using System.Text;

namespace MobileQuant.Tests.Checkpoints;

/// <summary>Forms of the default model that other writers would have saved, quantized as a user would.</summary>
public sealed class CheckpointVariantTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mobilequant-variant-").FullName;

    [Fact]
    public async Task A_tied_head_may_be_saved_in_place_of_the_embedding()
    {
        string checkpoint = Copy("config.json", "tokenizer.json");
        byte[] weights = File.ReadAllBytes(Path.Combine(SharedData.DefaultModel, "model.safetensors"));
        byte[] embedding = Encoding.ASCII.GetBytes("\"model.embed_tokens.weight\"");
        int at = weights.AsSpan().IndexOf(embedding);
        Encoding.ASCII.GetBytes("\"lm_head.weight\"".PadRight(embedding.Length)).CopyTo(weights, at);
        File.WriteAllBytes(Path.Combine(checkpoint, "model.safetensors"), weights);

        string renamed = await Quantize(checkpoint);
        string original = await Quantize(SharedData.DefaultModel);
        Assert.Equal(Story(original), Story(renamed));
    }

    [Fact]
    public async Task Without_a_tokenizer_the_artifact_has_none_and_says_so()
    {
        string checkpoint = Copy("config.json", "model.safetensors");
        using QuantizedModel model = QuantizedModel.Open(await Quantize(checkpoint));
        Assert.Null(model.Tokenizer);
        using GenerationSession session = model.CreateSession();
        Assert.Equal("MQ6013", Assert.Throws<MobileQuantException>(() => session.Generate("Once")).Code);
        Assert.Equal(3, session.GenerateTokens([1, 468, 476], new() { MaxTokens = 3, Temperature = 0 }).Count());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Story(string artifact)
    {
        using QuantizedModel model = QuantizedModel.Open(artifact, verifyWeights: true);
        using GenerationSession session = model.CreateSession();
        return string.Concat(session.Generate("Once upon a time", new() { MaxTokens = 30, Temperature = 0 }));
    }

    private string Copy(params ReadOnlySpan<string> files)
    {
        string checkpoint = Path.Combine(_folder, "checkpoint");
        Directory.CreateDirectory(checkpoint);
        foreach (string file in files)
        {
            File.Copy(Path.Combine(SharedData.DefaultModel, file), Path.Combine(checkpoint, file));
        }

        return checkpoint;
    }

    private async Task<string> Quantize(string checkpoint)
    {
        string output = Path.Combine(_folder, Path.GetFileName(checkpoint) + ".mq.safetensors");
        await QuantizationJob.RunAsync(new() { CheckpointPath = checkpoint, OutputPath = output, Recipe = "RoundToNearest", UseCache = false });
        return output;
    }
}
