using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>A digest of everything that decides what a run learns, so that a saved state is not taken for another run's.</summary>
internal static class LearningKey
{
    /// <summary>The key.</summary>
    /// <returns>64 hex digits.</returns>
    public static string Of(QuantizedGraph graph, CalibrationSet windows, LearningSettings settings, LearningEnvironment environment)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Text(FormattableString text) => hash.AppendData(Encoding.UTF8.GetBytes(text.ToString(CultureInfo.InvariantCulture)));

        Text($"{settings with { Transformations = [] }} {string.Join(',', settings.Transformations)} {environment.Seed} {environment.Target}");
        Text($"{graph.Architecture with { Biased = [], EndTokens = [] }} {graph.Precision} {graph.Activations} {string.Join(',', graph.Prefix)}");
        foreach (torch.Tensor tensor in graph.Weights.All())
        {
            hash.AppendData(tensor.bytes);
        }

        foreach (Site site in graph.Ranges.Sites.OrderBy(site => site.Layer).ThenBy(site => site.Kind))
        {
            Text($"{site} {graph.Ranges[site]} {graph.WideSites.Contains(site)} {(site.IsPerHead ? string.Join(',', graph.Ranges.Heads(site)) : string.Empty)}");
        }

        for (int layer = 0; layer < graph.Architecture.LayerCount; layer++)
        {
            foreach (LinearKind kind in graph.Architecture.Linears)
            {
                WeightClip? clip = graph.Clips.GetValueOrDefault((layer, kind));
                Text($"{graph.Schemes[layer, kind]} {string.Join(',', clip?.Minimum ?? [])} {string.Join(',', clip?.Maximum ?? [])}");
                if (graph.Codes.TryGetValue((layer, kind), out QuantizedWeight? codes))
                {
                    hash.AppendData(MemoryMarshal.AsBytes(codes.Codes.AsSpan()));
                    hash.AppendData(MemoryMarshal.AsBytes(codes.Scales.AsSpan()));
                }
            }
        }

        foreach (int[] window in windows.Windows)
        {
            Text($"{string.Join(',', window)};");
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
