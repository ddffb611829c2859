using System.Text;

namespace MobileQuant.Build.Models;

/// <summary>Lists of files in the one text form that MSBuild splits again: joined by semicolons, each part escaped.</summary>
internal static class FileList
{
    private const string Special = "%*?@$();'";

    /// <summary>Joins paths.</summary>
    public static string Join(IEnumerable<string> files) => string.Join(";", files.Select(Escape));

    /// <summary>Escapes what MSBuild would otherwise read as syntax.</summary>
    public static string Escape(string text)
    {
        if (text.IndexOfAny(Special.ToCharArray()) < 0)
        {
            return text;
        }

        StringBuilder escaped = new(text.Length + 8);
        foreach (char c in text)
        {
            if (Special.IndexOf(c) < 0)
            {
                escaped.Append(c);
            }
            else
            {
                escaped.Append('%').Append(((int)c).ToString("x2"));
            }
        }

        return escaped.ToString();
    }

    /// <summary>Splits a list as a project writes it: parts trimmed, empty ones dropped.</summary>
    public static string[] Split(string list) =>
        list.Split([';'], StringSplitOptions.RemoveEmptyEntries).Select(part => part.Trim()).Where(part => part.Length > 0).ToArray();
}
