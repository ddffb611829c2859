using System.Runtime.InteropServices;
using MobileQuant.Artifacts;
using MobileQuant.Export;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Lowering;

/// <summary>Computes the keys and values of a graph's prefix in float and stores them as cache codes.</summary>
internal static class PrefixLowering
{
    /// <summary>Adds the two tensors, U8 [layers, KV heads, tokens, head size].</summary>
    public static void AddTo(ArtifactWriter writer, QuantizedGraph graph)
    {
        using DecoderModel model = new(graph.Architecture, graph.Weights) { Prefix = graph.Prefix };
        using KeyValueCache cache = model.ComputePrefix()!;
        long[] shape = [graph.Architecture.LayerCount, graph.Architecture.KeyValueHeadCount, graph.Prefix.Count, graph.Architecture.HeadSize];
        writer.Add(ArtifactNames.PrefixKeys, "U8", shape, Codes(graph, SiteKind.KeyCache, layer => cache.Filled(layer).Keys));
        writer.Add(ArtifactNames.PrefixValues, "U8", shape, Codes(graph, SiteKind.ValueCache, layer => cache.Filled(layer).Values));
    }

    private static byte[] Codes(QuantizedGraph graph, SiteKind kind, Func<int, torch.Tensor> states)
    {
        int perHead = graph.Prefix.Count * graph.Architecture.HeadSize;
        List<byte> codes = [];
        for (int layer = 0; layer < graph.Architecture.LayerCount; layer++)
        {
            using torch.Tensor contiguous = states(layer).contiguous();
            using torch.Tensor values = contiguous.cpu();
            ReadOnlySpan<float> all = MemoryMarshal.Cast<byte, float>(values.bytes);
            IReadOnlyList<ValueRange> ranges = graph.Ranges.Heads(new(layer, kind));
            for (int head = 0; head < ranges.Count; head++)
            {
                ByteScale scale = ByteScale.Of(ranges[head]);
                foreach (float value in all.Slice(head * perHead, perHead))
                {
                    codes.Add((byte)Math.Clamp(Math.Round(value / scale.Step) + scale.ZeroPoint, 0, 255));
                }
            }
        }

        return [.. codes];
    }
}
