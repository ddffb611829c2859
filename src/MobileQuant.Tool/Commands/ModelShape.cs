using System.Globalization;
using MobileQuant.Benchmarking;
using MobileQuant.Programs;

namespace MobileQuant.Tool.Commands;

/// <summary>Reads <c>--shape</c>: a known name, or sizes joined by x.</summary>
internal static class ModelShape
{
    private const int Context = 2048;
    private const int DefaultVocabulary = 32000;
    private const int DefaultHeadSize = 64;

    /// <summary>Reads a shape.</summary>
    /// <param name="text"><c>tinyllama-1.1b</c> or <c>HIDDENxLAYERS[xHEADSxKVHEADSxFFNxVOCAB]</c>.</param>
    /// <exception cref="MobileQuantException">MQ1008: neither.</exception>
    public static ProgramShape Parse(string text)
    {
        if (text.Equals("tinyllama-1.1b", StringComparison.OrdinalIgnoreCase))
        {
            return RandomModel.TinyLlama;
        }

        string[] parts = text.Split('x', 'X');
        int[] sizes = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out sizes[i]) || sizes[i] < 1)
            {
                throw Malformed(text);
            }
        }

        if (sizes.Length is not (2 or 6))
        {
            throw Malformed(text);
        }

        int hidden = sizes[0];
        int heads = sizes.Length == 6 ? sizes[2] : Math.Max(1, hidden / DefaultHeadSize);
        if (hidden % heads != 0)
        {
            throw Malformed(text);
        }

        // 8/3 of the width in steps of 64, as Llama has it.
        int feedForward = sizes.Length == 6 ? sizes[4] : ((hidden * 8 / 3) + 63) / 64 * 64;
        return new(sizes[1], hidden, heads, sizes.Length == 6 ? sizes[3] : heads, hidden / heads, feedForward, sizes.Length == 6 ? sizes[5] : DefaultVocabulary, Context);
    }

    private static MobileQuantException Malformed(string text) => new(
        "MQ1008",
        $"--shape is '{text}'; expected tinyllama-1.1b or HIDDENxLAYERS[xHEADSxKVHEADSxFFNxVOCAB], with heads that divide the width.",
        "Use for example 768x12 or 2048x22x32x4x5632x32000.");
}
