using System.Text.Json;
using MobileQuant.Artifacts;
using MobileQuant.Checkpoints;
using MobileQuant.Modeling;
using MobileQuant.Torch;
using TorchSharp;
using Xunit.Abstractions;

namespace MobileQuant.Tests.Modeling;

public class DecoderModelTests(ITestOutputHelper output)
{
    [SharedDataTheory]
    [InlineData("llama-gqa")]
    [InlineData("llama-mha-tied")]
    [InlineData("llama-biases")]
    [InlineData("llama-head-dim")]
    [InlineData("llama3-rope-scaling")]
    [InlineData("llama-rope-linear")]
    [InlineData("qwen2")]
    [InlineData("stablelm")]
    [InlineData("gemma")]
    public void Equals_the_reference_on_small_random_models(string fixture)
    {
        string folder = SharedData.Path("golden", "fixtures", fixture);
        using SafetensorsFile golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        using DecoderModel model = LoadFixture(folder);
        using torch.Tensor ids = Golden.Ids(Golden.Integers(golden, "input_ids"), batch: 2);
        using DecoderOutput actual = model.Forward(ids, hiddenStates: true);

        CheckStates(golden, actual, fixture);
        float difference = Golden.MaximumDifference(Golden.Floats(golden, "logits"), Golden.Values(actual.Logits));
        output.WriteLine($"{fixture}: logits differ by at most {difference}");
        Assert.InRange(difference, 0, 1e-3f);

        int[] expected = Golden.Integers(golden, "greedy_ids");
        CheckGreedy(model, expected.AsSpan(0, 8), expected.AsSpan(8), Golden.Floats(golden, "greedy_margin"));
    }

    [SharedDataTheory]
    [InlineData("stablelm-parallel-qknorm", "MQ2004")]
    [InlineData("gemma2", "MQ2004")]
    [InlineData("gemma3-text", "MQ2004")]
    [InlineData("mistral-sliding", "MQ2004")]
    [InlineData("qwen3", "MQ2003")]
    [InlineData("phi", "MQ2003")]
    [InlineData("phi3", "MQ2003")]
    [InlineData("olmo2", "MQ2003")]
    [InlineData("granite", "MQ2003")]
    [InlineData("smollm3", "MQ2003")]
    [InlineData("gpt-neox", "MQ2003")]
    [InlineData("starcoder2", "MQ2003")]
    public void Other_families_and_variants_are_refused_by_name(string fixture, string code)
    {
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => CheckpointReader.Open(SharedData.Path("golden", "fixtures", fixture)));
        Assert.Equal(code, e.Code);
        Assert.NotNull(e.Remedy);
    }

    // The window of the fixture begins to matter at its ninth position; before it the model is the one without a window.
    [SharedDataFact]
    public void Mistral_without_a_window_equals_the_reference_before_its_window_is_full()
    {
        const int Window = 8;
        string fixture = SharedData.Path("golden", "fixtures", "mistral-sliding");
        string folder = Directory.CreateTempSubdirectory("mobilequant-mistral-").FullName;
        try
        {
            File.Copy(Path.Combine(fixture, "model.safetensors"), Path.Combine(folder, "model.safetensors"));
            string config = File.ReadAllText(Path.Combine(fixture, "config.json"));
            Assert.Contains("\"sliding_window\": 8", config, StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(folder, "config.json"), config.Replace("\"sliding_window\": 8", "\"sliding_window\": null", StringComparison.Ordinal));
            using SafetensorsFile golden = SafetensorsFile.Open(Path.Combine(fixture, "golden.safetensors"));
            using DecoderModel model = LoadFixture(folder);
            int[] ids = Golden.Integers(golden, "input_ids");
            using torch.Tensor input = Golden.Ids(ids.AsSpan(0, Window));
            using DecoderOutput actual = model.Forward(input);
            float[] values = Golden.Values(actual.Logits);
            Assert.InRange(Golden.MaximumDifference(Golden.Floats(golden, "logits").AsSpan(0, values.Length), values), 0, 1e-3f);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [SharedDataTheory]
    [InlineData("docs-llama-28m")]
    [InlineData("stories-llama-2m")]
    [InlineData("docs-stablelm-13m")]
    [InlineData("docs-gemma-10m")]
    public void Equals_the_reference_on_trained_models(string name)
    {
        using SafetensorsFile golden = SafetensorsFile.Open(SharedData.Path("golden", "trained", name + ".golden.safetensors"));
        using DecoderModel model = Load(SharedData.Path("models", name));
        int[] ids = Golden.Integers(golden, "input_ids");
        using torch.Tensor input = Golden.Ids(ids);
        using DecoderOutput actual = model.Forward(input, hiddenStates: true);

        CheckStates(golden, actual, name);
        using torch.Tensor last = actual.Logits.narrow(1, ids.Length - 8, 8);
        float difference = Golden.MaximumDifference(Golden.Floats(golden, "logits_last8"), Golden.Values(last));
        output.WriteLine($"{name}: logits differ by at most {difference}");
        Assert.InRange(difference, 0, 1e-3f);
        using torch.Tensor best = actual.Logits.argmax(-1).to(torch.int32);
        Assert.Equal(Golden.Integers(golden, "argmax"), best.data<int>().ToArray());

        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("golden", "trained", name + ".golden.json")));
        foreach (JsonElement greedy in json.RootElement.GetProperty("greedy").EnumerateArray())
        {
            CheckGreedy(model, Ints(greedy, "prompt_ids"), Ints(greedy, "new_ids"), [.. greedy.GetProperty("margin_to_second").EnumerateArray().Select(m => m.GetSingle())]);
        }
    }

    [Fact]
    public void A_cached_pass_equals_a_whole_one()
    {
        using DecoderModel model = Load(SharedData.DefaultModel);
        int[] ids = [.. Enumerable.Range(0, 24).Select(i => (i * 97) % model.Architecture.VocabularySize)];
        using torch.Tensor all = Golden.Ids(ids);
        using DecoderOutput whole = model.Forward(all);
        using KeyValueCache cache = new(model.Architecture, batch: 1, capacity: 24);
        List<float> pieces = [];
        foreach (int[] piece in new[] { ids[..10], ids[10..11], ids[11..24] })
        {
            using torch.Tensor part = Golden.Ids(piece);
            using DecoderOutput step = model.Forward(part, cache: cache);
            pieces.AddRange(Golden.Values(step.Logits));
        }

        Assert.InRange(Golden.MaximumDifference(Golden.Values(whole.Logits), [.. pieces]), 0, 1e-4f);
    }

    [Theory]
    [InlineData(1300, 0)]
    [InlineData(1024, 0)]
    [InlineData(1300, 150)]
    public void Long_sequences_equal_the_same_in_pieces(int length, int start)
    {
        DecoderArchitecture a = RandomDecoder.Architecture with { ContextLength = 1300 };
        using DecoderModel model = RandomDecoder.Create(a, seed: 5);
        int[] ids = RandomDecoder.Ids(a, length, seed: 6);

        float[] Hidden(params int[] cuts)
        {
            using KeyValueCache cache = new(a, batch: 1, capacity: length);
            List<float> rows = [];
            foreach (int[] piece in cuts.Zip([.. cuts.Skip(1), length], (from, to) => ids[from..to]))
            {
                using torch.Tensor part = Golden.Ids(piece);
                using torch.Tensor hidden = model.ForwardHidden(part, cache: cache);
                rows.AddRange(Golden.Values(hidden));
            }

            return [.. rows];
        }

        float[] expected = Hidden([.. Enumerable.Range(0, (length + 99) / 100).Select(i => i * 100)]);
        float[] whole = start == 0 ? Hidden(0) : Hidden(0, start);
        Assert.InRange(Golden.MaximumDifference(expected, whole), 0, 1e-4f);
    }

    [Fact]
    public void Every_site_is_visited_once_and_in_order()
    {
        using DecoderModel model = Load(SharedData.DefaultModel);
        VisitList visits = new();
        using torch.Tensor ids = Golden.Ids([1, 2, 3]);
        using DecoderOutput result = model.Forward(ids, visits);

        // q, k, v and the branches of the MLP have no order among themselves.
        Assert.Equal(Site.Enumerate(model.Architecture).OrderBy(s => s.ToString()), visits.Sites.OrderBy(s => s.ToString()));
        Assert.Equal(visits.Sites.Count, visits.Sites.Select(s => s.ToString()).Distinct().Count());
        Assert.Contains("layers.3.mlp.down.input", visits.Sites.Select(s => s.ToString()));
    }

    private static DecoderModel Load(string folder)
    {
        TorchRuntime.EnsureLoaded();
        using ICheckpoint checkpoint = CheckpointReader.Open(folder);
        return new(checkpoint.Architecture, WeightLoader.Load(checkpoint), ownsWeights: true);
    }

    private static DecoderModel LoadFixture(string folder)
    {
        TorchRuntime.EnsureLoaded();
        using ICheckpoint checkpoint = CheckpointReader.Open(folder);
        return new(checkpoint.Architecture, WeightLoader.Load(checkpoint), ownsWeights: true) { InverseFrequencies = Golden.FixtureFrequencies(folder, checkpoint.Architecture) };
    }

    private static int[] Ints(JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(i => i.GetInt32())];

    private static void CheckGreedy(DecoderModel model, ReadOnlySpan<int> prompt, ReadOnlySpan<int> expected, ReadOnlySpan<float> margins)
    {
        using KeyValueCache cache = new(model.Architecture, batch: 1, capacity: prompt.Length + expected.Length);
        int[] next = prompt.ToArray();
        for (int i = 0; i < expected.Length; i++)
        {
            using torch.Tensor ids = Golden.Ids(next);
            using DecoderOutput step = model.Forward(ids, cache: cache);
            using torch.Tensor best = step.Logits.narrow(1, next.Length - 1, 1).argmax(-1);

            // Where the two best are within 1e-3 another correct program may choose the other; go on with the reference's choice.
            Assert.True(best.item<long>() == expected[i] || margins[i] < 1e-3f, $"step {i}: {best.item<long>()} for {expected[i]}, margin {margins[i]}");
            next = [expected[i]];
        }
    }

    private void CheckStates(SafetensorsFile golden, DecoderOutput actual, string name)
    {
        float largest = 0;
        for (int i = 0; i < actual.HiddenStates.Count; i++)
        {
            largest = Math.Max(largest, Golden.MaximumDifference(Golden.Floats(golden, $"hidden_states.{i}"), Golden.Values(actual.HiddenStates[i])));
        }

        output.WriteLine($"{name}: hidden states differ by at most {largest}");
        Assert.InRange(largest, 0, 1e-3f);
        Assert.False(golden.Tensors.ContainsKey($"hidden_states.{actual.HiddenStates.Count}"));
    }

    private sealed class VisitList : ISiteTap
    {
        public List<Site> Sites { get; } = [];

        public torch.Tensor Apply(Site site, torch.Tensor value)
        {
            Sites.Add(site);
            return value;
        }
    }
}
