using System.Runtime.InteropServices;

namespace MobileQuant.Torch;

/// <summary>What libtorch says when there is not enough memory, as an error that says what to do.</summary>
internal static class MemoryFailure
{
    // Of the allocators for GPUs and for the CPU.
    private static readonly string[] Signs = ["out of memory", "can't allocate memory", "not enough memory"];

    /// <summary>Recognizes it.</summary>
    /// <param name="exception">Whatever ended the work; what it carries inside is looked at too.</param>
    /// <returns>MQ9005, or null when it is something else.</returns>
    public static MobileQuantException? Explain(Exception exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is OutOfMemoryException || (cause is ExternalException && Signs.Any(sign => cause.Message.Contains(sign, StringComparison.OrdinalIgnoreCase))))
            {
                return new(
                    "MQ9005",
                    $"There is not enough memory: {FirstLine(cause.Message)}",
                    $"End other programs that use it (on a GPU: other quantizations), let a recipe that learns take fewer windows per step (--settings \"batchSize=4\"), or leave {ComputeDevice.Variable} out to use the CPU's memory.",
                    exception);
            }
        }

        return null;
    }

    private static string FirstLine(string message) => message.Split('\n')[0].Trim();
}
