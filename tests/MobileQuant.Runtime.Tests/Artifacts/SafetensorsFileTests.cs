using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using MobileQuant.Artifacts;

namespace MobileQuant.Tests.Artifacts;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mq-safetensors-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Reads_tensors_and_metadata()
    {
        float[] values = [1.5f, -2f, 3f, 4f, 5f, 6f];
        using SafetensorsFile file = Open(
            """{"__metadata__":{"format":"pt","note":"ü"},"b":{"dtype":"U8","shape":[3],"data_offsets":[24,27]},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}   """,
            [.. MemoryMarshal.AsBytes<float>(values), 7, 8, 9]);

        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal("ü", file.Metadata["note"]);
        Assert.Equal([2L, 3L], file.Tensors["a"].Shape);
        Assert.Equal(6, file.Tensors["a"].ElementCount);
        Assert.Equal(values, MemoryMarshal.Cast<byte, float>(file.GetBytes(file.Tensors["a"])).ToArray());
        Assert.Equal(new byte[] { 7, 8, 9 }, file.GetBytes(file.GetTensor("b")).ToArray());
    }

    [Fact]
    public void Accepts_scalars_empty_tensors_and_gaps()
    {
        using SafetensorsFile file = Open(
            """{"s":{"dtype":"F32","shape":[],"data_offsets":[8,12]},"e":{"dtype":"F32","shape":[0,5],"data_offsets":[9,9]}}""", new byte[16]);

        Assert.Equal(1, file.Tensors["s"].ElementCount);
        Assert.Equal(0, file.GetBytes(file.Tensors["e"]).Length);
    }

    [Theory]
    [InlineData("MQ2011", """[]""")]
    [InlineData("MQ2011", """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}""")]
    [InlineData("MQ2011", """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}} x""")]
    [InlineData("MQ2011", """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""")]
    [InlineData("MQ2011", """{"a":{"dtype":"U8","shape":[4]}}""")]
    [InlineData("MQ2011", """{"a":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}}""")]
    [InlineData("MQ2011", """{"a":{"dtype":"U8","shape":[4.5],"data_offsets":[0,4]}}""")]
    [InlineData("MQ2011", """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4,8]}}""")]
    [InlineData("MQ2011", """{"a":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,4]}}""")]
    [InlineData("MQ2011", """{"a":{"dtype":"U8","shape":[[[[[[[[4]]]]]]]],"data_offsets":[0,4]}}""")]
    [InlineData("MQ2011", """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"extra":1}}""")]
    [InlineData("MQ2011", """{"__metadata__":{"a":1}}""")]
    [InlineData("MQ2012", """{"a":{"dtype":"Q4","shape":[4],"data_offsets":[0,4]}}""")]
    [InlineData("MQ2012", """{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,4]}}""")]
    [InlineData("MQ2012", """{"a":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,4]}}""")]
    [InlineData("MQ2012", """{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""")]
    [InlineData("MQ2013", """{"a":{"dtype":"U8","shape":[400],"data_offsets":[0,400]}}""")]
    [InlineData("MQ2013", """{"a":{"dtype":"U8","shape":[4],"data_offsets":[8,4]}}""")]
    [InlineData("MQ2013", """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[3,7]}}""")]
    public void Refuses_a_lying_header(string code, string header)
    {
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => Open(header, new byte[16]));
        Assert.Equal(code, e.Code);
        Assert.Contains("model.safetensors", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Refuses_a_file_without_a_header(int bytes)
    {
        string path = Path.Combine(_folder, "short.safetensors");
        File.WriteAllBytes(path, new byte[bytes]);
        Assert.Equal("MQ2010", Assert.Throws<MobileQuantException>(() => SafetensorsFile.Open(path)).Code);
    }

    [Fact]
    public void Refuses_a_missing_file() =>
        Assert.Equal("MQ2010", Assert.Throws<MobileQuantException>(() => SafetensorsFile.Open(Path.Combine(_folder, "none"))).Code);

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(1UL << 40)]
    [InlineData(9UL)]
    public void Refuses_a_header_longer_than_the_file(ulong length)
    {
        string path = Path.Combine(_folder, "long.safetensors");
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        File.WriteAllBytes(path, bytes);
        Assert.Equal("MQ2010", Assert.Throws<MobileQuantException>(() => SafetensorsFile.Open(path)).Code);
    }

    [Fact]
    public void Refuses_use_after_disposal()
    {
        SafetensorsFile file = Open("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", new byte[4]);
        TensorEntry entry = file.Tensors["a"];
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.GetBytes(entry).Length);
    }

    [Fact]
    public void Refuses_an_entry_of_another_file()
    {
        using SafetensorsFile file = Open("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", new byte[4]);
        Assert.Throws<ArgumentException>(() => file.GetBytes(new TensorEntry("b", "U8", [100], file.Length - 2, 100)).Length);
        Assert.Throws<ArgumentException>(() => file.GetBytes(new TensorEntry("b", "U8", [4], long.MaxValue - 1, 4)).Length);
    }

    [Fact]
    public void Survives_seeded_damage()
    {
        string header = """{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"I8","shape":[40],"data_offsets":[24,64]}}""";
        byte[] good = Bytes(header, new byte[64]);
        string path = Path.Combine(_folder, "fuzz.safetensors");
        string[] splices = ["18446744073709551615", "-1", "9223372036854775807", "\"a\"", "{", "}", "[", "1e400", "\\ud800", "\0", "99999999"];
        Random random = new(20260101);
        int opened = 0;
        for (int i = 0; i < 3000; i++)
        {
            byte[] bytes = Damage(good, splices, random);
            File.WriteAllBytes(path, bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using SafetensorsFile file = SafetensorsFile.Open(path);
                opened++;
                foreach (TensorEntry entry in file.Tensors.Values)
                {
                    Assert.InRange(entry.Offset + entry.Length, 0, bytes.Length);
                    int sum = 0;
                    foreach (byte b in file.GetBytes(entry))
                    {
                        sum += b;
                    }

                    Assert.True(sum >= 0);
                }
            }
            catch (MobileQuantException e)
            {
                Assert.StartsWith("MQ201", e.Code, StringComparison.Ordinal);
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        }

        // Damage to the data alone, or to names, must not be refused by this layer: the test would prove nothing if all were.
        Assert.InRange(opened, 100, 2900);
    }

    private static byte[] Damage(byte[] good, string[] splices, Random random)
    {
        byte[] bytes = [.. good];
        switch (random.Next(5))
        {
            case 0:
                for (int n = random.Next(1, 4); n > 0; n--)
                {
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                }

                return bytes;
            case 1:
                return bytes[..random.Next(bytes.Length)];
            case 2:
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)random.NextInt64() >> random.Next(64));
                return bytes;
            case 3:
                int at = random.Next(8, bytes.Length - 1);
                byte[] longer = [.. bytes[..at], .. Encoding.UTF8.GetBytes(splices[random.Next(splices.Length)]), .. bytes[(at + random.Next(2))..]];
                BinaryPrimitives.WriteUInt64LittleEndian(longer, BinaryPrimitives.ReadUInt64LittleEndian(longer) + (ulong)(longer.Length - bytes.Length));
                return longer;
            default:
                int digit = random.Next(8, bytes.Length - 64);
                bytes[digit] = char.IsAsciiDigit((char)bytes[digit]) ? (byte)random.Next('0', '9' + 1) : bytes[digit];
                return bytes;
        }
    }

    private static byte[] Bytes(string header, ReadOnlySpan<byte> data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] bytes = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)json.Length);
        json.CopyTo(bytes, 8);
        data.CopyTo(bytes.AsSpan(8 + json.Length));
        return bytes;
    }

    private SafetensorsFile Open(string header, ReadOnlySpan<byte> data)
    {
        string path = Path.Combine(_folder, "model.safetensors");
        File.WriteAllBytes(path, Bytes(header, data));
        return SafetensorsFile.Open(path);
    }
}
