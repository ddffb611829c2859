using MobileQuant.Checkpoints;
using MobileQuant.Lowering;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using TorchSharp;
using Xunit.Abstractions;

namespace MobileQuant.Tests.Lowering;

/// <summary>Families whose linear layers have biases, as integers against the simulation.</summary>
public class BiasedModelTests(ITestOutputHelper output)
{
    [SharedDataTheory]
    [InlineData("qwen2", "RoundToNearest")]
    [InlineData("qwen2", "SmoothQuant")]
    [InlineData("llama-biases", "SmoothQuant-Edge")]
    public void The_integer_program_keeps_the_biases(string fixture, string recipe)
    {
        string folder = Directory.CreateTempSubdirectory("mobilequant-biases-").FullName;
        try
        {
            using ICheckpoint checkpoint = CheckpointReader.Open(SharedData.Path("golden", "fixtures", fixture));
            QuantizationRequest request = LoweredModel.Request(recipe: recipe) with { CheckpointPath = checkpoint.Path, Calibration = [] };
            using QuantizedGraph graph = GraphQuantizer.Quantize(checkpoint, request);
            Assert.All(graph.Architecture.Biased, kind => Assert.InRange(graph.Weights.Layers[0][kind].Bias!.abs().max().item<float>(), 1e-3f, 1e3f));

            string path = Path.Combine(folder, "model.mq.safetensors");
            ArtifactLowering.Write(graph, new("1.2.3", new string('a', 64), null), path);
            using DecoderModel model = new(graph.Architecture, graph.Weights);
            using Simulation simulation = new(graph);
            using QuantizedModel integer = QuantizedModel.Open(path, verifyWeights: true);
            int[] ids = [.. Enumerable.Range(0, 48).Select(i => (i * 97) % graph.Architecture.VocabularySize)];
            using torch.Tensor input = torch.tensor(ids.Select(i => (long)i).ToArray()).unsqueeze(0);
            using DecoderOutput expected = model.Forward(input, simulation);
            float[] reference = expected.Logits.contiguous().data<float>().ToArray();

            double signal = 0;
            double noise = 0;
            using GenerationSession session = integer.CreateSession();
            session.Prefill(ids, (position, row) =>
            {
                for (int i = 0; i < row.Length; i++)
                {
                    double value = reference[(position * row.Length) + i];
                    signal += value * value;
                    noise += Math.Pow(value - (row[i] / 65536.0), 2);
                }
            });
            double decibels = 10 * Math.Log10(signal / noise);
            output.WriteLine($"{fixture} {recipe}: {decibels:f1} dB");
            Assert.InRange(decibels, 35, 200);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
