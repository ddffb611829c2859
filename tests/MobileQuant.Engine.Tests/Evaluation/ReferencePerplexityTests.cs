using System.Text.Json;
using MobileQuant.Checkpoints;
using MobileQuant.Evaluation;
using MobileQuant.Modeling;
using MobileQuant.Text;
using MobileQuant.Torch;

namespace MobileQuant.Tests.Evaluation;

public class ReferencePerplexityTests
{
    [SharedDataFact]
    public void The_stories_model_has_its_reference_perplexity()
    {
        TorchRuntime.EnsureLoaded();
        string folder = SharedData.Path("models", "stories-llama-2m");
        using ICheckpoint checkpoint = CheckpointReader.Open(folder);
        using DecoderModel model = new(checkpoint.Architecture, WeightLoader.Load(checkpoint), ownsWeights: true);
        int[] ids = TextTokenizer.FromFolder(folder).Encode(File.ReadAllText(SharedData.Path("eval", "heldout", "heldout_stories.txt")));
        PerplexityResult result = PerplexityEvaluator.Evaluate(new FloatLanguageModel("stories", model), "heldout_stories.txt", ids, window: 512);

        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("golden", "trained", "stories-llama-2m.golden.json")));
        JsonElement expected = golden.RootElement.GetProperty("perplexity").GetProperty("heldout_stories.txt@512");
        Assert.Equal(expected.GetProperty("scored_tokens").GetInt64(), result.Tokens);
        double reference = expected.GetProperty("perplexity").GetDouble();
        Assert.InRange(result.Perplexity, reference * 0.999, reference * 1.001);
    }

    [SharedDataFact]
    public void WikiText_has_the_reference_pages_and_words()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("golden", "trained", "docs-llama-28m.golden.json")));
        JsonElement expected = golden.RootElement.GetProperty("wikitext");
        string[] pages = [.. WikitextPages.Split(File.ReadAllText(SharedData.Path("eval", "wikitext-2-raw", "wiki.test.raw")))];
        TextTokenizer tokenizer = TextTokenizer.FromFolder(SharedData.Path("models", "docs-llama-28m"));

        Assert.Equal(expected.GetProperty("pages").GetInt32(), pages.Length);
        Assert.Equal(expected.GetProperty("words").GetInt32(), pages.Sum(WikitextPages.CountWords));
        Assert.Equal(expected.GetProperty("tokens").GetInt32(), pages.Sum(page => tokenizer.Encode(WikitextPages.Detokenize(page), addSpecialTokens: false).Length));
    }
}
