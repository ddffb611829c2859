using MobileQuant.Arithmetic;

namespace MobileQuant.Tests.Arithmetic;

public class IntegerMathTests
{
    [Fact]
    public void Square_root_is_the_floor_of_the_real_one()
    {
        Random random = new(3);
        List<ulong> values = [0, 1, 2, 3, 4, ulong.MaxValue, ulong.MaxValue - 1, 1UL << 62, (1UL << 62) - 1];
        for (int i = 0; i < 20_000; i++)
        {
            ulong root = (ulong)random.NextInt64(0, 1L << 32);
            values.AddRange([root * root, unchecked((root * root) - 1), (ulong)random.NextInt64() >> random.Next(63)]);
        }

        foreach (ulong value in values)
        {
            UInt128 root = IntegerMath.SquareRoot(value);
            Assert.True(root * root <= value && (root + 1) * (root + 1) > value, $"sqrt({value}) = {root}");
        }
    }
}
