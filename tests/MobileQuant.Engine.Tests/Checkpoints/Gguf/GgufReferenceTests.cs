using MobileQuant.Artifacts;
using MobileQuant.Checkpoints;
using MobileQuant.Checkpoints.Gguf;
using MobileQuant.Modeling;
using MobileQuant.Tests.Modeling;
using MobileQuant.Torch;
using TorchSharp;
using Xunit.Abstractions;

namespace MobileQuant.Tests.Checkpoints.Gguf;

/// <summary>GGUF files against reference outputs of the models that they hold.</summary>
public sealed class GgufReferenceTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mobilequant-gguf-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SharedDataFact]
    public void A_float_file_equals_the_model_it_was_made_of() =>
        CheckLogits(SharedData.Path("golden", "gguf", "llama-gqa.F32.gguf"), "llama-gqa");

    [SharedDataTheory]
    [InlineData("llama-gqa", "llama")]
    [InlineData("llama-mha-tied", "llama")]
    [InlineData("llama-biases", "llama")]
    [InlineData("llama-head-dim", "llama")]
    [InlineData("llama-rope-linear", "llama")]
    [InlineData("llama3-rope-scaling", "llama")]
    [InlineData("qwen2", "qwen2")]
    [InlineData("stablelm", "stablelm")]
    [InlineData("gemma", "gemma")]
    public void A_converted_model_equals_its_reference(string fixture, string architecture)
    {
        using ICheckpoint folder = CheckpointReader.Open(SharedData.Path("golden", "fixtures", fixture));
        string path = Path.Combine(_folder, fixture + ".gguf");
        GgufSamples.Convert(folder, architecture, interleaved: architecture == "llama").Save(path);
        CheckLogits(path, fixture);
        using ICheckpoint file = CheckpointReader.Open(path);
        Assert.Equal(folder.Architecture.ParameterCount, file.Architecture.ParameterCount);
        Assert.Equal(folder.Architecture.NormEpsilon, file.Architecture.NormEpsilon);
        Assert.Equal(folder.Architecture.Biased, file.Architecture.Biased);
    }

    [SharedDataFact]
    public void A_parallel_residual_is_refused_by_name()
    {
        using ICheckpoint folder = CheckpointReader.Open(SharedData.Path("golden", "fixtures", "stablelm"));
        GgufWriter writer = GgufSamples.Convert(folder, "stablelm", interleaved: false);
        for (int layer = 0; layer < folder.Architecture.LayerCount; layer++)
        {
            writer.RemoveTensor($"blk.{layer}.ffn_norm.weight").RemoveTensor($"blk.{layer}.ffn_norm.bias");
        }

        MobileQuantException e = Assert.Throws<MobileQuantException>(() => CheckpointReader.Open(writer.Save(Path.Combine(_folder, "parallel.gguf"))));
        Assert.Equal("MQ2004", e.Code);
        Assert.Contains("side by side", e.Message, StringComparison.Ordinal);
    }

    [SharedDataFact]
    public void A_file_of_blocks_has_the_values_of_its_blocks()
    {
        using GgufFile file = GgufFile.Open(SharedData.Path("golden", "gguf", "llama-gqa.Q8_0.gguf"));
        using GgufFile floats = GgufFile.Open(SharedData.Path("golden", "gguf", "llama-gqa.F32.gguf"));
        foreach (GgufTensor tensor in file.Tensors)
        {
            float[] expected = new float[tensor.ElementCount];
            float[] actual = new float[tensor.ElementCount];
            floats.Read(floats.Find(tensor.Name)!, 0, expected);
            file.Read(tensor, 0, actual);

            // Rounded to the nearest of 255 steps, whose size is itself rounded to half precision.
            int block = tensor.Type == GgufTensorType.Q8_0 ? 32 : 1;
            for (int i = 0; i < actual.Length; i++)
            {
                float largest = expected.AsSpan(i / block * block, block).ToArray().Max(Math.Abs);
                Assert.InRange(Math.Abs(expected[i] - actual[i]), 0, tensor.Type == GgufTensorType.Q8_0 ? largest * 0.6f / 127 : 0);
            }
        }
    }

    [SharedDataFact]
    public void Rows_of_q_and_k_come_in_the_order_of_the_folder()
    {
        using ICheckpoint folder = CheckpointReader.Open(SharedData.Path("golden", "fixtures", "llama-gqa"));
        using ICheckpoint file = CheckpointReader.Open(SharedData.Path("golden", "gguf", "llama-gqa.F32.gguf"));
        foreach (LinearKind kind in folder.Architecture.Linears)
        {
            string name = TensorNames.Weight(folder.Names.Linears[kind], 1);
            float[] expected = new float[folder.ShapeOf(name).Aggregate(1L, (a, b) => a * b)];
            float[] actual = new float[expected.Length];
            folder.Read(name, 0, expected);
            for (int start = 0; start < actual.Length; start += 777)
            {
                file.Read(TensorNames.Weight(file.Names.Linears[kind], 1), start, actual.AsSpan(start, Math.Min(777, actual.Length - start)));
            }

            Assert.Equal(expected, actual);
        }
    }

    [SharedDataFact]
    public void A_real_model_has_the_hidden_states_of_its_reference()
    {
        TorchRuntime.EnsureLoaded();
        using SafetensorsFile golden = SafetensorsFile.Open(SharedData.Path("golden", "trained", "SmolLM2-135M-Instruct.golden.safetensors"));
        using ICheckpoint checkpoint = CheckpointReader.Open(SharedData.Path("models", "SmolLM2-135M-Instruct"));
        Assert.Null(checkpoint.Architecture.BeginToken);
        Assert.Equal([2], checkpoint.Architecture.EndTokens);
        Assert.Equal(134_515_008, checkpoint.Architecture.ParameterCount);
        using DecoderModel model = new(checkpoint.Architecture, WeightLoader.Load(checkpoint), ownsWeights: true);
        int[] ids = Golden.Integers(golden, "input_ids");
        using torch.Tensor input = Golden.Ids(ids);
        using DecoderOutput actual = model.Forward(input, hiddenStates: true);

        double largest = 0;
        for (int i = 0; i < actual.HiddenStates.Count; i++)
        {
            largest = Math.Max(largest, RelativeToRows(Golden.Floats(golden, $"hidden_states.{i}"), Golden.Values(actual.HiddenStates[i]), checkpoint.Architecture.HiddenSize));
        }

        using torch.Tensor last = actual.Logits.narrow(1, ids.Length - 8, 8);
        double logits = RelativeToRows(Golden.Floats(golden, "logits_last8"), Golden.Values(last), checkpoint.Architecture.VocabularySize);
        output.WriteLine($"hidden states differ by at most {largest:e2} of a row's largest value, logits by {logits:e2}");
        Assert.InRange(largest, 0, 2e-3);
        Assert.InRange(logits, 0, 2e-3);
        using torch.Tensor best = actual.Logits.argmax(-1).to(torch.int32);
        Assert.Equal(Golden.Integers(golden, "argmax"), best.data<int>().ToArray());
        Assert.False(golden.Tensors.ContainsKey($"hidden_states.{actual.HiddenStates.Count}"));
    }

    private void CheckLogits(string path, string fixture)
    {
        TorchRuntime.EnsureLoaded();
        string folder = SharedData.Path("golden", "fixtures", fixture);
        using SafetensorsFile golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        using ICheckpoint checkpoint = CheckpointReader.Open(path);
        using DecoderModel model = new(checkpoint.Architecture, WeightLoader.Load(checkpoint), ownsWeights: true) { InverseFrequencies = Golden.FixtureFrequencies(folder, checkpoint.Architecture) };
        using torch.Tensor ids = Golden.Ids(Golden.Integers(golden, "input_ids"), batch: 2);
        using DecoderOutput actual = model.Forward(ids);

        float difference = Golden.MaximumDifference(Golden.Floats(golden, "logits"), Golden.Values(actual.Logits));
        output.WriteLine($"{Path.GetFileName(path)}: logits differ by at most {difference}");
        Assert.InRange(difference, 0, 1e-3f);
    }

    private static double RelativeToRows(float[] expected, float[] actual, int width)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = 0;
        for (int row = 0; row < expected.Length; row += width)
        {
            double scale = expected.AsSpan(row, width).ToArray().Max(Math.Abs);
            largest = Math.Max(largest, Golden.MaximumDifference(expected.AsSpan(row, width), actual.AsSpan(row, width)) / scale);
        }

        return largest;
    }
}
