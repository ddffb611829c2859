using System.Runtime.InteropServices;

namespace MobileQuant.BuildBench;

/// <summary>What figures were measured on.</summary>
/// <param name="Processor">As the system calls it.</param>
/// <param name="Processors">How many of them.</param>
/// <param name="System">Operating system.</param>
/// <param name="Framework">Of this program.</param>
internal sealed record Machine(string Processor, int Processors, string System, string Framework)
{
    /// <summary>This one.</summary>
    public static Machine Describe()
    {
        const string Information = "/proc/cpuinfo";
        string? line = File.Exists(Information) ? File.ReadLines(Information).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return new(line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString(), Environment.ProcessorCount, RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription);
    }
}
