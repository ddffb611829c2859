using MobileQuant.Arithmetic;
using MobileQuant.Artifacts;
using MobileQuant.Modeling;
using MobileQuant.Quantization;

namespace MobileQuant.Lowering;

/// <summary>Scale and width of a wide input: signed codes, symmetric, of up to 16 bits.</summary>
/// <param name="Step">Real value of one code, positive.</param>
/// <param name="Bits">9..16.</param>
internal readonly record struct WideInput(double Step, int Bits)
{
    /// <summary>Largest |code|.</summary>
    public int Limit => (1 << (Bits - 1)) - 1;

    /// <summary>The stored quantizer of a row in a unit.</summary>
    /// <param name="unit">Real value of one step of the row.</param>
    public ManifestInput ToInput(double unit) => StaticInput.Of(Step, Limit, WideRowQuantizer.ZeroPoint, unit, Bits);

    /// <summary>The scale of a graph's wide site, at the widest codes for which the accumulators of all its readers fit s32.</summary>
    public static WideInput Of(QuantizedGraph graph, Site site)
    {
        int bits = WidestBits(graph, site);
        double largest = graph.Ranges[site].AbsoluteMaximum;
        return new(largest > 0 ? largest / ((1 << (bits - 1)) - 1) : 1, bits);
    }

    /// <summary>The widest codes, up to 16 bits, for which every row of every linear layer that reads the site keeps its proof.</summary>
    public static int WidestBits(QuantizedGraph graph, Site site) =>
        graph.Architecture.Linears.Where(kind => Site.InputOf(site.Layer, kind) == site)
            .Min(kind => LinearLowering.WidestInput(graph.QuantizeLinear(site.Layer, kind)));
}
