using System.Runtime.InteropServices;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Torch;

public sealed class MemoryFailureTests
{
    [Fact]
    public void What_libtorch_throws_for_want_of_memory_says_what_to_do()
    {
        TorchRuntime.EnsureLoaded();
        Exception thrown = Assert.ThrowsAny<Exception>(() => torch.empty(1L << 55));
        MobileQuantException explained = MemoryFailure.Explain(new AggregateException(thrown))!;
        Assert.Equal("MQ9005", explained.Code);
        Assert.DoesNotContain('\n', explained.Message);
        Assert.Contains("MOBILEQUANT_DEVICE", explained.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.11 GiB", true)]
    [InlineData("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported", true)]
    [InlineData("The size of tensor a (3) must match the size of tensor b (4)", false)]
    public void Others_are_left_alone(string message, bool isMemory)
    {
#pragma warning disable CA2201 // What TorchSharp throws.
        ExternalException thrown = new(message);
#pragma warning restore CA2201
        Assert.Equal(isMemory, MemoryFailure.Explain(thrown) is not null);
    }
}
