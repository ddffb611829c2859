using System.Runtime.InteropServices;
using MobileQuant.Artifacts;
using MobileQuant.Checkpoints.Gguf;
using MobileQuant.Tests.Modeling;

namespace MobileQuant.Tests.Checkpoints.Gguf;

public class GgufBlockTests
{
    [SharedDataTheory]
    [InlineData("F32")]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("Q8_0")]
    [InlineData("Q4_0")]
    [InlineData("Q4_1")]
    [InlineData("Q5_0")]
    [InlineData("Q5_1")]
    [InlineData("Q2_K")]
    [InlineData("Q3_K")]
    [InlineData("Q4_K")]
    [InlineData("Q5_K")]
    [InlineData("Q6_K")]
    [InlineData("IQ4_NL")]
    [InlineData("IQ4_XS")]
    public void Decodes_to_the_bits_of_the_reference(string type)
    {
        using SafetensorsFile golden = SafetensorsFile.Open(SharedData.Path("golden", "gguf", "blocks.safetensors"));
        ReadOnlySpan<byte> bytes = golden.GetBytes(golden.GetTensor(type + ".bytes"));
        float[] expected = Golden.Floats(golden, type + ".values");
        GgufTensorFormat format = GgufTensorFormat.Of(Enum.Parse<GgufTensorType>(type))!;
        Assert.Equal(1024, expected.Length);
        Assert.Equal(expected.Length / format.BlockElements * format.BlockBytes, bytes.Length);

        float[] actual = new float[expected.Length];
        format.Decode!(bytes, actual);
        Assert.Equal(Bits(expected), Bits(actual));
    }

    private static int[] Bits(float[] values) => MemoryMarshal.Cast<float, int>(values).ToArray();
}
