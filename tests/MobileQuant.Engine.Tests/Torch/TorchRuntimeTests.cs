using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Tests.Torch;

public class TorchRuntimeTests
{
    [Fact]
    public void Loads_without_a_manual_step_and_computes()
    {
        TorchRuntime.EnsureLoaded();
        TorchRuntime.EnsureLoaded();

        using torch.Tensor sum = torch.tensor(new float[] { 1, 2, 3 }).sum();
        Assert.Equal(6, sum.item<float>());
        TorchState state = TorchRuntime.Describe();
        Assert.True(state.IsLoaded);
        Assert.True(File.Exists(state.BindingPath));
    }

    [Fact]
    public void Weakening_changes_exactly_the_flag_of_the_named_version()
    {
        string? binding = TorchRuntime.Describe().BindingPath;
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        string original = Directory.GetFiles(AppContext.BaseDirectory, "libLibTorchSharp.so", SearchOption.AllDirectories)
            .First(p => p.Contains("linux-x64", StringComparison.Ordinal));
        byte[] before = File.ReadAllBytes(original);
        byte[] after = [.. before];
        Assert.NotNull(binding);
        Assert.False(ElfVersionRequirement.TryWeaken(after, "GLIBCXX_9.9.99"));
        Assert.Equal(before, after);
        Assert.True(ElfVersionRequirement.TryWeaken(after, "GLIBCXX_3.4.32"));
        Assert.Single(Enumerable.Range(0, before.Length), i => before[i] != after[i]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(4096)]
    public void Weakening_refuses_what_is_not_a_library(int length)
    {
        byte[] image = new byte[length];
        "\u007fELF\u0002\u0001"u8.ToArray().AsSpan(0, Math.Min(6, length)).CopyTo(image);
        image.AsSpan(Math.Min(6, length)).Fill(0x41);
        Assert.False(ElfVersionRequirement.TryWeaken(image, "GLIBCXX_3.4.32"));
    }
}
