using System.Text;

namespace MobileQuant.Build.Models;

/// <summary>Text files under obj, written only when they differ, so that their times say when their content last changed.</summary>
internal static class TextFile
{
    /// <summary>Writes a text unless the file holds it already.</summary>
    /// <param name="path">The file; its folder is created.</param>
    /// <param name="text">The text.</param>
    /// <param name="withMark">True: with a byte order mark, for readers that would otherwise have to guess the encoding.</param>
    public static void WriteWhenDifferent(string path, string text, bool withMark = false)
    {
        if (Holds(path, text))
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            File.WriteAllText(path, text, new UTF8Encoding(withMark));
        }
        catch (IOException) when (Holds(path, text))
        {
            // An editor and a build beside it want the same file; the other was faster.
        }
    }

    private static bool Holds(string path, string text)
    {
        try
        {
            return File.Exists(path) && File.ReadAllText(path) == text;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
