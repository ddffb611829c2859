using System.Buffers.Binary;
using System.Diagnostics;
using MobileQuant.Checkpoints;
using MobileQuant.Checkpoints.Gguf;
using Xunit.Abstractions;

namespace MobileQuant.Tests.Checkpoints.Gguf;

/// <summary>A small right file, damaged at random for a bounded time: it is read whole, or refused with a code; nothing else happens.</summary>
public sealed class GgufFuzzTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    private static readonly ulong[] Interesting =
        [0, 1, 2, 7, 8, 31, 32, 33, 255, 256, 65535, 65536, int.MaxValue, 1UL << 31, uint.MaxValue, 1UL << 32, long.MaxValue, 1UL << 63, ulong.MaxValue - 31, ulong.MaxValue];

    private readonly string _folder = Directory.CreateTempSubdirectory("mobilequant-gguf-").FullName;

    [Fact]
    public void Damaged_files_are_read_or_refused_with_a_code()
    {
        GgufWriter writer = GgufSamples.Tiny();
        byte[] good = writer.ToBytes();
        Random random = new(20);
        SortedDictionary<string, int> outcomes = new(StringComparer.Ordinal);
        int count = 0;
        string path = Path.Combine(_folder, "fuzz.gguf");
        for (Stopwatch clock = Stopwatch.StartNew(); clock.Elapsed < Duration; count++)
        {
            byte[] bytes = Damage(good, writer.HeaderLength, random);
            File.WriteAllBytes(path, bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            string outcome = Outcome(path);
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;

            // 20 times the file and a constant: names and entries of what is really there.
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < (20 * bytes.Length) + (1 << 20), $"round {count}: memory");
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5), $"round {count}: time");
        }

        output.WriteLine($"{count} files in {Duration.TotalSeconds} s: {string.Join(", ", outcomes.Select(o => $"{o.Key} {o.Value}"))}");
        Assert.True(count > 100);
        Assert.True(outcomes.Keys.Count > 4);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Outcome(string path)
    {
        try
        {
            using ICheckpoint checkpoint = CheckpointReader.Open(path);
            using GgufFile file = GgufFile.Open(path);
            float[] values = new float[100];
            foreach (GgufTensor tensor in file.Tensors)
            {
                int run = (int)Math.Min(tensor.ElementCount, values.Length);
                checkpoint.Read(tensor.Name, tensor.ElementCount - run, values.AsSpan(0, run));
            }

            foreach (string key in file.Metadata.Keys)
            {
                ReadValue(file.Metadata, key);
            }

            return "read";
        }
        catch (MobileQuantException e)
        {
            Assert.StartsWith("MQ20", e.Code, StringComparison.Ordinal);
            return e.Code;
        }
    }

    private static void ReadValue(GgufMetadata metadata, string key)
    {
        bool isArray = metadata.ArrayLength(key) is not null;
        switch (metadata.TypeOf(key))
        {
            case GgufValueType.Text when isArray:
                metadata.TryGetStrings(key, out _);
                break;
            case GgufValueType.Text:
                metadata.TryGetString(key, out _);
                break;
            case GgufValueType.Float32 or GgufValueType.Float64 when isArray:
                metadata.TryGetFloats(key, out _);
                break;
            case GgufValueType.Float32 or GgufValueType.Float64:
                metadata.TryGetFloat32(key, out _);
                break;
            case GgufValueType.Boolean when !isArray:
                metadata.TryGetBoolean(key, out _);
                break;
            case not GgufValueType.Boolean when isArray:
                metadata.TryGetIntegers(key, out _);
                break;
            case not GgufValueType.Boolean:
                metadata.TryGetUInt32(key, out _);
                break;
        }
    }

    private static byte[] Damage(byte[] good, int header, Random random)
    {
        byte[] bytes = [.. good];
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            // Mostly the header, where numbers mean something.
            int at = random.Next(10) == 0 ? random.Next(bytes.Length) : random.Next(Math.Min(header, bytes.Length));
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2 when at + 8 <= bytes.Length:
                    BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), Interesting[random.Next(Interesting.Length)]);
                    break;
                case 3 when at + 4 <= bytes.Length:
                    BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), (uint)Interesting[random.Next(Interesting.Length)]);
                    break;
                case 4:
                    int length = Math.Min(random.Next(1, 64), bytes.Length - at);
                    bytes.AsSpan(random.Next(bytes.Length - length), length).CopyTo(bytes.AsSpan(at));
                    break;
                case 5 when random.Next(4) == 0:
                    bytes = bytes[..Math.Max(1, at)];
                    break;
            }
        }

        return bytes;
    }
}
