namespace MobileQuant.Build.Diagnostics;

/// <summary>A place in a project file; line and column are 0 where unknown.</summary>
internal readonly struct SourceLocation(string file, int line = 0, int column = 0)
{
    public string File { get; } = file;

    public int Line { get; } = line;

    public int Column { get; } = column;
}
