using System.Security.Cryptography;
using MobileQuant.Caching;

namespace MobileQuant.Learning;

/// <summary>
/// What a run that was stopped goes on from: how far it was, its losses, and the parameters with their moments. The file is
/// <c>MQLEARN1</c>, the run's key, the payload, and the SHA-256 of all before; it is written beside and moved into place.
/// </summary>
/// <param name="key">64 hex digits: everything that decides the run's result.</param>
/// <param name="parameters">All parameters, in a fixed order.</param>
internal sealed class LearningState(string key, IReadOnlyList<LearnedParameter> parameters)
{
    private const string Magic = "MQLEARN1";

    /// <summary>Steps done, all layers together.</summary>
    public int Steps => Losses.Count;

    /// <summary>The loss of every step; not a number for those that were skipped.</summary>
    public List<double> Losses { get; } = [];

    /// <summary>Writes the state.</summary>
    public void Save(string path)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        writer.Write(Magic);
        writer.Write(key);
        writer.Write(Losses.Count);
        foreach (double loss in Losses)
        {
            writer.Write(loss);
        }

        foreach (LearnedParameter parameter in parameters)
        {
            parameter.Write(writer);
        }

        writer.Flush();
        writer.Write(SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        writer.Flush();
        using TemporaryPath temporary = TemporaryPath.Beside(path);
        using (FileStream file = new(temporary.Path, FileMode.Create))
        {
            file.Write(stream.GetBuffer(), 0, (int)stream.Length);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary.Path, path, overwrite: true);
    }

    /// <summary>Reads a state of the same run.</summary>
    /// <returns>False: there is no file, or none of this run; nothing is changed then.</returns>
    public bool TryLoad(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        byte[] bytes = File.ReadAllBytes(path);
        int end = bytes.Length - SHA256.HashSizeInBytes;
        if (end < 0 || !SHA256.HashData(bytes.AsSpan(0, end)).AsSpan().SequenceEqual(bytes.AsSpan(end)))
        {
            return false;
        }

        using BinaryReader reader = new(new MemoryStream(bytes, 0, end));
        if (reader.ReadString() != Magic || reader.ReadString() != key)
        {
            return false;
        }

        int count = reader.ReadInt32();
        for (int i = 0; i < count; i++)
        {
            Losses.Add(reader.ReadDouble());
        }

        foreach (LearnedParameter parameter in parameters)
        {
            parameter.Read(reader);
        }

        return true;
    }
}
