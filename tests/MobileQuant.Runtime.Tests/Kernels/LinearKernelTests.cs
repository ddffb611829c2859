using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using MobileQuant.Kernels;
using MobileQuant.Programs;

namespace MobileQuant.Tests.Kernels;

/// <summary>Every kernel against the specification, in guarded memory.</summary>
public class LinearKernelTests
{
    public static TheoryData<string, WeightFormat> Paths
    {
        get
        {
            TheoryData<string, WeightFormat> paths = [];
            foreach (LinearKernel kernel in KernelSelection.All)
            {
                foreach (WeightFormat format in Enum.GetValues<WeightFormat>())
                {
                    paths.Add(kernel.Name, format);
                }
            }

            return paths;
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Every_input_size_equals_the_specification(string path, WeightFormat format)
    {
        for (int k = 1; k <= 257; k++)
        {
            Check(path, new(1 + (k * 7 % 49), k, 1 + (k % 9), format) { Asymmetric = k % 2 == 0, Bias = k % 3 == 0, Seed = k });
            Check(path, new(1 + (k * 5 % 33), k, 1, format) { Asymmetric = k % 3 == 0, AtEnd = k % 2 == 0, Seed = k + 1 });
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Wide_rows_equal_the_specification(string path, WeightFormat format)
    {
        for (int k = 1; k <= 257; k += 3)
        {
            Check(path, new(1 + (k % 40), k, 1, format) { Wide = true, Asymmetric = k % 2 == 0, Bias = k % 4 == 0, Seed = k });
            Check(path, new(17, k, 2 + (k % 5), format) { Wide = true, Asymmetric = k % 4 == 0, ExtremeCodes = k % 2 == 1, Seed = k + 1 });
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Every_output_size_and_batch_size_equals_the_specification(string path, WeightFormat format)
    {
        for (int n = 1; n <= 49; n++)
        {
            for (int rows = 1; rows <= 9; rows++)
            {
                Check(path, new(n, 20 + (n % 5), rows, format) { Asymmetric = n % 2 == 0, Bias = rows % 2 == 0, AtEnd = n % 4 != 0, Seed = (n * 10) + rows });
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Extreme_codes_and_scales_equal_the_specification(string path, WeightFormat format)
    {
        for (int seed = 0; seed < 60; seed++)
        {
            LinearShape shape = new(33, 1 + (seed * 37 % 257), 1 + (seed % 6), format)
            {
                Asymmetric = seed % 2 == 0,
                Bias = seed % 3 == 0,
                ExtremeCodes = seed % 4 != 0,
                ExtremeScales = seed % 4 != 1,
                Seed = seed,
            };
            Check(path, shape);
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Blocks_of_columns_rows_and_tiles_join_exactly(string path, WeightFormat format)
    {
        // Past the columns of a block, 128 code rows, and the tiles that one group of sums holds.
        Check(path, new(40, 1300, 135, format) { Asymmetric = true, Bias = true, Seed = 1 });
        Check(path, new(19, 1028, 67, format) { Wide = true, Seed = 2 });
        Check(path, new(530, 24, 130, format) { Asymmetric = true, Seed = 3 });
        Check(path, new(17, 1100, 132, format) { Asymmetric = true, ExtremeCodes = true, Seed = 7 });
        Check(path, new(17, 33_000, 1, format) { ExtremeCodes = true, Seed = 4 });
        Check(path, new(17, 17_000, 1, format) { Wide = true, Asymmetric = true, Seed = 5 });
        Check(path, new(66_000, 9, 1, format) { Bias = true, Seed = 6 });
    }

    [Fact]
    public void The_paths_that_this_processor_has_are_the_ones_tested()
    {
        string[] expected =
        [
            .. Dp.IsSupported ? ["advsimd-dp"] : Array.Empty<string>(),
            .. AdvSimd.Arm64.IsSupported ? ["advsimd"] : Array.Empty<string>(),
            .. Avx2.IsSupported ? ["avx2"] : Array.Empty<string>(),
            "scalar",
        ];

        Assert.Equal(expected, KernelSelection.All.Select(kernel => kernel.Name));
        Assert.Equal(expected[0], KernelSelection.Best.Name);
        Assert.Equal(expected.Length * Enum.GetValues<WeightFormat>().Length, Paths.Count);
    }

    [Fact]
    public void A_kernel_is_found_by_its_name()
    {
        Assert.Equal("scalar", KernelSelection.ByName("Scalar").Name);
        Assert.Equal("MQ6050", Assert.Throws<MobileQuantException>(() => KernelSelection.ByName("mmx")).Code);
        string absent = Avx2.IsSupported ? "advsimd" : "avx2";
        Assert.Equal("MQ6051", Assert.Throws<MobileQuantException>(() => KernelSelection.ByName(absent)).Code);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public unsafe void A_call_allocates_nothing(string path, WeightFormat format)
    {
        LinearKernel kernel = KernelSelection.ByName(path);
        using LinearCase test = new(new(40, 70, 5, format));
        test.Check(kernel);
        int* output = stackalloc int[40 * 5];
        long before = GC.GetAllocatedBytesForCurrentThread();
        kernel.Run(test.Linear, 0, test.Linear.TileCount, test.Batch, output, 40);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Check(string path, LinearShape shape)
    {
        using LinearCase test = new(shape);
        test.Check(KernelSelection.ByName(path));
    }
}
