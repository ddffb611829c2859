using System.Runtime.InteropServices;
using MobileQuant.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Modeling;

/// <summary>Small decoders with seeded random weights, of any architecture.</summary>
internal static class RandomDecoder
{
    public static DecoderArchitecture Architecture { get; } = new()
    {
        Family = "llama",
        LayerCount = 2,
        HiddenSize = 24,
        HeadCount = 6,
        KeyValueHeadCount = 2,
        HeadSize = 8,
        FeedForwardSize = 40,
        VocabularySize = 64,
        ContextLength = 64,
        NormEpsilon = 1e-5,
        BeginToken = 1,
        EndTokens = [2],
    };

    public static DecoderModel Create(DecoderArchitecture a, int seed)
    {
        TorchRuntime.EnsureLoaded();
        Random random = new(seed);
        torch.Tensor Tensor(double mean, double deviation, params long[] shape)
        {
            torch.Tensor tensor = torch.empty(shape, torch.float32).DetachFromDisposeScope();
            foreach (ref float value in MemoryMarshal.Cast<byte, float>(tensor.bytes))
            {
                value = (float)(mean + (deviation * Normal(random)));
            }

            return tensor;
        }

        double gain = a.Norm == NormKind.RmsGainPlusOne ? 0 : 1;
        NormWeights Norm() => new(Tensor(gain, 0.2, a.HiddenSize), a.Norm == NormKind.Layer ? Tensor(0, 0.1, a.HiddenSize) : null);
        LinearWeights Linear(LinearKind kind) => new(
            Tensor(0, 1 / Math.Sqrt(a.InputSize(kind)), a.OutputSize(kind), a.InputSize(kind)),
            a.Biased.Contains(kind) ? Tensor(0, 0.1, a.OutputSize(kind)) : null);

        torch.Tensor embedding = Tensor(0, 1, a.VocabularySize, a.HiddenSize);
        LayerWeights[] layers = [.. Enumerable.Range(0, a.LayerCount).Select(_ => new LayerWeights(Norm(), Norm(), a.Linears.ToDictionary(kind => kind, Linear)))];
        return new(a, new(embedding, layers, Norm(), a.TiedEmbeddings ? embedding : Tensor(0, 0.3, a.VocabularySize, a.HiddenSize)), ownsWeights: true);
    }

    public static int[] Ids(DecoderArchitecture a, int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(a.VocabularySize))];
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
