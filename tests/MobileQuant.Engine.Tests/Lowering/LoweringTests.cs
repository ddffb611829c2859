using MobileQuant.Checkpoints;
using MobileQuant.Lowering;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Lowering;

public class LoweringTests
{
    [Theory]
    [InlineData("W8A8", ActivationMode.Token, WeightSymmetry.Symmetric)]
    [InlineData("W8A8", ActivationMode.Static, WeightSymmetry.Symmetric)]
    [InlineData("W4A8", ActivationMode.Token, WeightSymmetry.Asymmetric)]
    public void Scratch(string precision, ActivationMode mode, WeightSymmetry symmetry)
    {
        TorchRuntime.EnsureLoaded();
        using ICheckpoint checkpoint = CheckpointReader.Open(SharedData.DefaultModel);
        DecoderWeights weights = WeightLoader.Load(checkpoint);
        using DecoderModel model = new(checkpoint.Architecture, weights);
        Text.TextTokenizer tok = Text.TextTokenizer.FromFolder(SharedData.DefaultModel);
        int[] ids = tok.Encode("Once upon a time, there was a little girl named Lily. She loved to play outside in the sunshine. One day, she saw a big, scary dog. The dog was barking and Lily wanted to play with it. The dog wanted to eat the cake, but the cat was too fast. They were all very happy and went home to their mom and dad.");
        RangeTap tap = new();
        float[] expected;
        using (torch.no_grad())
        {
            using torch.Tensor t = torch.tensor(ids.Select(i => (long)i).ToArray()).unsqueeze(0);
            using DecoderOutput o = model.Forward(t, tap);
            expected = o.Logits.data<float>().ToArray();
        }

        using QuantizedGraph graph = new()
        {
            Architecture = checkpoint.Architecture,
            Weights = weights,
            Precision = Precision.Parse(precision),
            Activations = mode,
            Symmetry = symmetry,
            Granularity = WeightGranularity.Channel,
            Ranges = tap.Ranges,
            Recipe = new("RoundToNearest", new Dictionary<string, string>()),
        };
        string path = Path.Combine(Path.GetTempPath(), $"scratch-{precision}-{mode}.mq.safetensors");
        ArtifactLowering.Write(graph, new("1.0", "", File.ReadAllBytes(Path.Combine(SharedData.DefaultModel, "tokenizer.json")), null), path);
        Console.WriteLine(new FileInfo(path).Length);
        using QuantizedModel q = QuantizedModel.Open(path, true);
        using GenerationSession session = q.CreateSession();
        double signal = 0, noise = 0;
        int same = 0;
        int v = checkpoint.Architecture.VocabularySize;
        session.Prefill(ids, (p, logits) =>
        {
            int best = 0, bestQ = 0;
            for (int i = 0; i < v; i++)
            {
                double e = expected[(p * v) + i];
                double a = logits[i] / 65536.0;
                signal += e * e;
                noise += (e - a) * (e - a);
                if (e > expected[(p * v) + best]) best = i;
                if (logits[i] > logits[bestQ]) bestQ = i;
            }
            same += best == bestQ ? 1 : 0;
        });
        Console.WriteLine($"{precision} {mode}: SQNR {10 * Math.Log10(signal / noise):f2} dB, argmax {same}/{ids.Length}");
        session.Reset();
        Console.WriteLine(string.Concat(session.Generate("Once upon a time", new() { MaxTokens = 60, Temperature = 0 })));
        Assert.True(signal / noise > 100);
    }
}
