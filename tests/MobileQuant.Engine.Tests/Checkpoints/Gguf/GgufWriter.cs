using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using MobileQuant.Checkpoints.Gguf;

namespace MobileQuant.Tests.Checkpoints.Gguf;

/// <summary>Writes GGUF files, right ones and wrong ones, for the tests of the reader.</summary>
internal sealed class GgufWriter
{
    private readonly List<(string Key, uint Type, byte[] Payload)> _values = [];
    private readonly List<Tensor> _tensors = [];

    public uint Version { get; set; } = 3;

    public uint Magic { get; set; } = 0x46554747;

    public int Alignment { get; set; } = 32;

    /// <summary>Numbers to claim instead of the true ones.</summary>
    public ulong? ClaimedTensors { get; set; }

    public ulong? ClaimedKeys { get; set; }

    /// <summary>Bytes before the data of the tensors, known after <see cref="ToBytes"/>.</summary>
    public int HeaderLength { get; private set; }

    /// <summary>Adds a value, or replaces the one of that key.</summary>
    public GgufWriter Set(string key, object value)
    {
        Remove(key);
        return SetRaw(key, (uint)TypeOf(value), value is Array array ? EncodeArray(array) : Encode(value));
    }

    public GgufWriter SetRaw(string key, uint type, byte[] payload)
    {
        _values.Add((key, type, payload));
        return this;
    }

    public GgufWriter Remove(string key)
    {
        _values.RemoveAll(value => value.Key == key);
        return this;
    }

    /// <summary>Adds a tensor; dimensions outermost first, as the reader gives them.</summary>
    public GgufWriter AddTensor(string name, GgufTensorType type, byte[] data, params ulong[] shape)
    {
        _tensors.Add(new(name, (uint)type, [.. shape.Reverse()], data, null));
        return this;
    }

    public GgufWriter AddTensor(string name, float[] values, params ulong[] shape) =>
        AddTensor(name, GgufTensorType.F32, MemoryMarshal.AsBytes<float>(values).ToArray(), shape);

    public GgufWriter RemoveTensor(string name)
    {
        _tensors.RemoveAll(tensor => tensor.Name == name);
        return this;
    }

    /// <summary>Changes a tensor's entry in the table; its data stay.</summary>
    public GgufWriter Change(string name, Func<Tensor, Tensor> change)
    {
        int index = _tensors.FindIndex(tensor => tensor.Name == name);
        _tensors[index] = change(_tensors[index]);
        return this;
    }

    public byte[] ToBytes()
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(ClaimedTensors ?? (ulong)_tensors.Count);
        writer.Write(ClaimedKeys ?? (ulong)_values.Count);
        foreach ((string key, uint type, byte[] payload) in _values)
        {
            writer.Write(Encode(key));
            writer.Write(type);
            writer.Write(payload);
        }

        ulong offset = 0;
        foreach (Tensor tensor in _tensors)
        {
            writer.Write(Encode(tensor.Name));
            writer.Write(tensor.Dimensions.Length);
            Array.ForEach(tensor.Dimensions, writer.Write);
            writer.Write(tensor.Type);
            writer.Write(tensor.Offset ?? offset);
            offset = Align(offset + (ulong)tensor.Data.Length);
        }

        Pad(writer);
        HeaderLength = (int)stream.Length;
        foreach (Tensor tensor in _tensors)
        {
            writer.Write(tensor.Data);
            Pad(writer);
        }

        return stream.ToArray();
    }

    public string Save(string path)
    {
        File.WriteAllBytes(path, ToBytes());
        return path;
    }

    public static byte[] EncodeArray(Array array) =>
        [.. Encode((uint)TypeOf(array.GetValue(0)!)), .. Encode((ulong)array.Length), .. array.Cast<object>().SelectMany(Encode)];

    public static byte[] Encode(object value) => value switch
    {
        string text => [.. Encode((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)],
        byte number => [number],
        bool flag => [flag ? (byte)1 : (byte)0],
        uint number => Bytes(number, 4, BinaryPrimitives.WriteUInt32LittleEndian),
        int number => Bytes(number, 4, BinaryPrimitives.WriteInt32LittleEndian),
        ulong number => Bytes(number, 8, BinaryPrimitives.WriteUInt64LittleEndian),
        float number => Bytes(number, 4, BinaryPrimitives.WriteSingleLittleEndian),
        double number => Bytes(number, 8, BinaryPrimitives.WriteDoubleLittleEndian),
        _ => throw new ArgumentException(value.GetType().Name, nameof(value)),
    };

    private static GgufValueType TypeOf(object value) => value switch
    {
        Array => GgufValueType.Array,
        string => GgufValueType.Text,
        byte => GgufValueType.UInt8,
        bool => GgufValueType.Boolean,
        uint => GgufValueType.UInt32,
        int => GgufValueType.Int32,
        ulong => GgufValueType.UInt64,
        float => GgufValueType.Float32,
        double => GgufValueType.Float64,
        _ => throw new ArgumentException(value.GetType().Name, nameof(value)),
    };

    private static byte[] Bytes<T>(T value, int size, WriteNumber<T> write)
    {
        byte[] bytes = new byte[size];
        write(bytes, value);
        return bytes;
    }

    private ulong Align(ulong offset) => (offset + (ulong)Alignment - 1) / (ulong)Alignment * (ulong)Alignment;

    private void Pad(BinaryWriter writer) => writer.Write(new byte[(int)(Align((ulong)writer.BaseStream.Length) - (ulong)writer.BaseStream.Length)]);

    private delegate void WriteNumber<in T>(Span<byte> destination, T value);

    /// <summary>An entry of the table, dimensions in the file's order, with its data.</summary>
    public sealed record Tensor(string Name, uint Type, ulong[] Dimensions, byte[] Data, ulong? Offset);
}
