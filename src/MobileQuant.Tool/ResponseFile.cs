namespace MobileQuant.Tool;

/// <summary>Arguments from a file: <c>@path</c> stands for its lines, one argument each, so that paths with spaces need no quoting.</summary>
internal static class ResponseFile
{
    public static bool TryRead(string path, out IReadOnlyList<string>? arguments, out string? error)
    {
        try
        {
            arguments = [.. File.ReadAllLines(path).Where(line => line.Length > 0)];
            error = null;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            arguments = null;
            error = $"The response file '{path}' cannot be read: {e.Message}";
            return false;
        }
    }
}
