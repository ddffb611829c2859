using System.Globalization;
using System.Text;

namespace MobileQuant.Build.Models;

/// <summary>
/// All that decides one model, as lines of text under obj. It is written only when it differs, so its time stamp says when
/// a setting last changed; sizes and times of the inputs are in it because a restored older file is not newer than the output.
/// </summary>
internal sealed class SettingsFile
{
    private readonly List<string> _lines = [];

    /// <summary>Adds a setting.</summary>
    public void Add(string name, string value) => _lines.Add(name + "=" + value);

    /// <summary>Adds an input file by path, size and time.</summary>
    public void AddFile(string name, string path)
    {
        FileInfo file = new(path);
        _lines.Add(string.Format(CultureInfo.InvariantCulture, "{0}={1}|{2}|{3}", name, path, file.Length, file.LastWriteTimeUtc.Ticks));
    }

    /// <summary>Writes the lines when the file holds others.</summary>
    /// <param name="path">The file; its folder is created.</param>
    /// <returns>The lines that were not there before; empty when nothing changed or there was no file.</returns>
    public IReadOnlyList<string> WriteWhenDifferent(string path)
    {
        string[] before = File.Exists(path) ? File.ReadAllLines(path) : [];
        if (before.SequenceEqual(_lines, StringComparer.Ordinal))
        {
            return [];
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, string.Join("\n", _lines) + "\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return before.Length == 0 ? [] : _lines.Except(before, StringComparer.Ordinal).ToArray();
    }
}
