using System.Text;
using System.Text.Json;

namespace MobileQuant.Evaluation.Comparison;

/// <summary>
/// Finished rows in a file, a line of JSON each, written through as they come: what a killed comparison had done is found by the
/// next one. A file may serve any number of comparisons: rows are found by content key. A last line that was cut off is passed over.
/// </summary>
internal sealed class ComparisonState
{
    private readonly string? _path;
    private readonly Dictionary<string, ComparisonStateLine> _lines = new(StringComparer.Ordinal);

    private ComparisonState(string? path) => _path = path;

    /// <summary>Opens a file, or begins one.</summary>
    /// <param name="path">The file, or null to remember nothing.</param>
    /// <exception cref="MobileQuantException">MQ1026: it is no such file; MQ4002: it cannot be read or written.</exception>
    public static ComparisonState Open(string? path)
    {
        ComparisonState state = new(path is null ? null : Path.GetFullPath(path));
        if (state._path is not null)
        {
            state.Guard(() => state.Read());
        }

        return state;
    }

    /// <summary>A finished line, or null.</summary>
    /// <param name="key">Its content key.</param>
    public ComparisonStateLine? Find(string key) => _lines.GetValueOrDefault(key);

    /// <summary>Adds a line, down to the disk.</summary>
    /// <param name="line">What was finished.</param>
    public void Add(ComparisonStateLine line)
    {
        _lines[line.Key] = line;
        if (_path is null)
        {
            return;
        }

        Guard(() =>
        {
            using FileStream stream = new(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
            CutBrokenLine(stream);
            stream.Write([.. JsonSerializer.SerializeToUtf8Bytes(line, ComparisonJson.Lines.ComparisonStateLine), (byte)'\n']);
            stream.Flush(flushToDisk: true);
        });
    }

    /// <summary>Leaves the stream at its end, behind the last whole line.</summary>
    private static void CutBrokenLine(FileStream stream)
    {
        long end = stream.Length;
        while (end > 0)
        {
            stream.Position = end - 1;
            if (stream.ReadByte() == '\n')
            {
                break;
            }

            end--;
        }

        stream.SetLength(end);
        stream.Position = end;
    }

    private void Read()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        if (!File.Exists(_path))
        {
            File.WriteAllBytes(_path!, []);
            return;
        }

        string[] lines = File.ReadAllText(_path, Encoding.UTF8).Split('\n');
        for (int i = 0; i < lines.Length - 1; i++)
        {
            ComparisonStateLine line = Parse(lines[i], i + 1);
            _lines[line.Key] = line;
        }

        if (lines.Length == 1 && lines[0].Length > 0 && lines[0][0] != '{')
        {
            throw Foreign(1, null);
        }
    }

    private ComparisonStateLine Parse(string line, int number)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ComparisonJson.Lines.ComparisonStateLine) ?? throw Foreign(number, null);
        }
        catch (JsonException e)
        {
            throw Foreign(number, e);
        }
    }

    private MobileQuantException Foreign(int number, Exception? cause) =>
        new("MQ1026", $"{_path}({number}) is no row of a comparison.", "Name another file for --state, or delete this one.", cause);

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MobileQuantException("MQ4002", $"{_path} cannot be read or written: {e.Message}", "Choose a place that can be written, or correct its permissions.", e);
        }
    }
}
