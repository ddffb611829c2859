using MobileQuant.Artifacts;
using MobileQuant.Checkpoints;
using MobileQuant.Lowering;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Text;

namespace MobileQuant.Tests.Lowering;

/// <summary>The default model, quantized and lowered to a temporary file, with its graph and simulation beside it.</summary>
internal sealed class LoweredModel : IDisposable
{
    private readonly ICheckpoint _checkpoint;
    private readonly string _folder = Directory.CreateTempSubdirectory("mobilequant-lowering-").FullName;

    public LoweredModel(QuantizationRequest request, string? checkpoint = null)
    {
        _checkpoint = CheckpointReader.Open(checkpoint ?? SharedData.DefaultModel);
        Graph = GraphQuantizer.Quantize(_checkpoint, request);
        Path = System.IO.Path.Combine(_folder, "model.mq.safetensors");
        Write(Path);
        Float = new(Graph.Architecture, Graph.Weights);
        Simulation = new(Graph);
        Integer = QuantizedModel.Open(Path, verifyWeights: true);
    }

    public static QuantizationRequest Request(string precision = "W8A8", ActivationMode activations = ActivationMode.Token, string recipe = "RoundToNearest") => new()
    {
        CheckpointPath = SharedData.DefaultModel,
        OutputPath = "unused",
        Recipe = recipe,
        Precision = Precision.Parse(precision),
        Activations = activations,
        Alpha = 0.5,
        WideSites = WideSites.None,
        Calibration = [CalibrationText()],
    };

    public QuantizedGraph Graph { get; }

    public DecoderModel Float { get; }

    public Simulation Simulation { get; }

    public QuantizedModel Integer { get; }

    public string Path { get; }

    public void Write(string path, ManifestEnvironment? environment = null) =>
        ArtifactLowering.Write(Graph, new("1.2.3", new string('a', 64), _checkpoint.ReadTokenizer()! with { Config = null }, environment), path);

    public void Dispose()
    {
        Integer.Dispose();
        Simulation.Dispose();
        Float.Dispose();
        Graph.Dispose();
        _checkpoint.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Stories enough for a few windows, written once: quicker than sampling them from the model for every test.</summary>
    private static string CalibrationText()
    {
        string path = System.IO.Path.Combine(AppContext.BaseDirectory, "calibration.txt");
        lock (typeof(LoweredModel))
        {
            if (!File.Exists(path))
            {
                string[] names = ["Lily", "Tom", "Ben", "Sara", "Max"];
                string[] things = ["a big red ball", "a little cat", "a shiny stone", "an old blue hat", "a scary dog"];
                IEnumerable<string> stories =
                    from name in names
                    from thing in things
                    select $"Once upon a time, there was a little child named {name}. One day, {name} went to the park and saw {thing}. \"Wow, look at this!\" said {name}. {name}'s mom smiled and said, \"Yes, but be careful.\" They played all day, shared some cake with their friends, and went home happy. The end.\n\n";
                File.WriteAllText(path, string.Concat(stories));
            }
        }

        return path;
    }
}
