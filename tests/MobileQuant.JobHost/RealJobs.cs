using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Rounding;

namespace MobileQuant.JobHost;

/// <summary>Small jobs for the real engine, one of each kind that sums floats in a way of its own.</summary>
internal static class RealJobs
{
    /// <summary>Searches smoothing and ranges: nothing learned, static activations.</summary>
    public const string Searched = "searched";

    /// <summary>Learns a few steps.</summary>
    public const string Learned = "learned";

    /// <summary>Rotates, and rounds 4-bit weights with error feedback.</summary>
    public const string Fed = "fed";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Names { get; } = [Searched, Learned, Fed];

    /// <summary>Where the artifact of a job goes.</summary>
    public static string OutputOf(string folder, string name) => Path.Combine(folder, name + ".mq.safetensors");

    /// <summary>A job.</summary>
    /// <param name="folder">Has the checkpoint <c>model</c> and the text <c>calibration.txt</c>.</param>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="threads">Threads.</param>
    public static QuantizationRequest Request(string folder, string name, int threads)
    {
        QuantizationRequest common = new()
        {
            CheckpointPath = Path.Combine(folder, "model"),
            OutputPath = OutputOf(folder, name),
            BaseDirectory = folder,
            Calibration = ["calibration.txt"],
            Threads = threads,
        };
        return name switch
        {
            Searched => common with { Recipe = "SmoothQuant", Activations = ActivationMode.Static, WideSites = WideSites.None },
            Learned => common with
            {
                Recipe = "MobileQuant",
                Precision = Precision.Parse("W4A8"),
                Alpha = 0.5,
                Settings = new RecipeSettings { Steps = 8, BatchSize = 2, Windows = 4, WindowLength = 64 },
            },
            Fed => common with { Recipe = "Rotated", Precision = Precision.Parse("W4A8"), Alpha = 0.5, Rounding = RoundingMode.ErrorFeedback },
            _ => throw new ArgumentException($"no job is called {name}", nameof(name)),
        };
    }
}
