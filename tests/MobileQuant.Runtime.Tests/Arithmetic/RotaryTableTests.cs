using MobileQuant.Arithmetic;

namespace MobileQuant.Tests.Arithmetic;

public class RotaryTableTests
{
    [Fact]
    public void Cosine_is_within_one_unit_of_the_real_one()
    {
        Random random = new(5);
        IEnumerable<uint> phases = [0, 1, 1u << 30, 1u << 31, 3u << 30, uint.MaxValue, (1u << 30) - 1, (1u << 30) + 1,
            .. Enumerable.Range(0, 100_000).Select(_ => (uint)random.NextInt64(1L << 32))];
        foreach (uint phase in phases)
        {
            double exact = Math.Cos(2 * Math.PI * phase / 4294967296.0) * 32768;
            Assert.InRange(RotaryTable.CosineOf(phase) - exact, -1.01, 1.01);
        }
    }

    [Fact]
    public void A_table_row_holds_the_angles_of_the_position_even_far_out()
    {
        double[] frequencies = [.. Enumerable.Range(0, 32).Select(i => Math.Pow(10_000, -i / 32.0))];
        ulong[] increments = [.. frequencies.Select(RotaryTable.Increment)];
        short[] row = new short[64];
        foreach (int position in (int[])[0, 1, 511, 8191, 131_071])
        {
            RotaryTable.Fill(position, increments, row);
            for (int i = 0; i < 32; i++)
            {
                Assert.InRange(row[i] - (Math.Cos(position * frequencies[i]) * 32768), -1.5, 1.5);
                Assert.InRange(row[32 + i] - (Math.Sin(position * frequencies[i]) * 32768), -1.5, 1.5);
            }
        }
    }

    [Fact]
    public void Rotation_equals_the_real_one_within_two_codes_and_never_overflows()
    {
        ulong[] increments = [RotaryTable.Increment(1), RotaryTable.Increment(0.1)];
        short[] row = new short[4];
        Random random = new(6);
        for (int position = 0; position < 2000; position++)
        {
            RotaryTable.Fill(position, increments, row);
            int[] head = [.. Enumerable.Range(0, 6).Select(_ => position % 2 == 0 ? random.Next(-20_000, 20_001) : 32767 * (random.Next(2) == 0 ? 1 : -1))];
            int[] rotated = [.. head];
            RotaryTable.Rotate(rotated, row);
            for (int i = 0; i < 2; i++)
            {
                double angle = position * (i == 0 ? 1 : 0.1);
                double x = Math.Clamp((head[i] * Math.Cos(angle)) - (head[i + 2] * Math.Sin(angle)), -32767, 32767);
                double y = Math.Clamp((head[i + 2] * Math.Cos(angle)) + (head[i] * Math.Sin(angle)), -32767, 32767);
                Assert.InRange(rotated[i] - x, -3, 3);
                Assert.InRange(rotated[i + 2] - y, -3, 3);
            }

            // Elements past the rotary part are left alone.
            Assert.Equal(head[4..], rotated[4..]);
        }
    }
}
