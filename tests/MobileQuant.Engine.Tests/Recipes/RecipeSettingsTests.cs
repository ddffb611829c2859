using MobileQuant.Caching;
using MobileQuant.Learning;
using MobileQuant.Modeling;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Tests.Caching;
using MobileQuant.Tests.Modeling;

namespace MobileQuant.Tests.Recipes;

public sealed class RecipeSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_and_a_line_say_the_same()
    {
        _folder.Write("settings.json", """
            {
              // Keys in any case and order.
              "Loss": "logits",
              "steps": 200,
              "transformations": ["upDown", "attentionNorm", "upDown"],
              "clips": false,
              "rangeRate": 2.5e-4,
              "keepsTargets": true,
            }
            """);
        RecipeSettings file = RecipeSettingsReader.Read(" settings.json ", _folder.Path);
        RecipeSettings line = RecipeSettingsReader.Read("STEPS=200 ; loss=Logits; rangeRate=0.00025;clips=False; transformations=upDown, attentionNorm; keepsTargets=true;");

        Assert.Equal("loss=logits; steps=200; transformations=attentionNorm,upDown; clips=false; rangeRate=0.00025; keepsTargets=true", file.ToString());
        Assert.Equal(file.ToString(), line.ToString());
        Assert.Equal("loss=logits; steps=200; transformations=attentionNorm,upDown; clips=false; rangeRate=0.00025", line.ResultText);
        Assert.Equal(line.ToString(), RecipeSettingsReader.Read(line.ToString()).ToString());
    }

    [Fact]
    public void What_is_given_replaces_and_what_is_not_stays()
    {
        LearningSettings own = new() { Steps = 70, Ranges = false };
        LearningSettings used = RecipeSettingsReader.Read("batchSize=2; transformations=none").ApplyTo(own);
        Assert.Equal(own with { BatchSize = 2, Transformations = used.Transformations }, used);
        Assert.Empty(used.Transformations);
        Assert.Equal(own, RecipeSettings.None.ApplyTo(own));
    }

    [Fact]
    public void Every_property_of_learning_has_a_key()
    {
        IEnumerable<string> properties = typeof(LearningSettings).GetProperties().Where(property => property.CanWrite).Select(property => property.Name.ToUpperInvariant());
        Assert.Equal(properties.Order(StringComparer.Ordinal), RecipeSettingTable.All.Select(setting => setting.Key.ToUpperInvariant()).Order(StringComparer.Ordinal));
        string page = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "docs", "recipes.md"));
        Assert.All(RecipeSettingTable.All, setting => Assert.Contains($"| `{setting.Key}` | {setting.Allowed} |", page, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("step=3", "MQ3002", "'steps'")]
    [InlineData("window_length=64", "MQ3002", "'windowLength'")]
    [InlineData("alpha=0.5", "MQ3002", "'alpha'")]
    [InlineData("steps=0", "MQ3003", "from 1 to 1000000")]
    [InlineData("steps=2.5", "MQ3003", "whole number")]
    [InlineData("steps=", "MQ3003", "whole number")]
    [InlineData("clipRate=NaN", "MQ3003", "from 1E-08 to 1")]
    [InlineData("clipRate=-0.1", "MQ3003", "from 1E-08 to 1")]
    [InlineData("loss=3", "MQ3003", "hiddenState or finalNorm or logits")]
    [InlineData("transformations=upDown+queryKey", "MQ3003", "queryKey")]
    [InlineData("clips=yes", "MQ3003", "true or false")]
    [InlineData("steps=3; Steps=4", "MQ1019", "twice")]
    [InlineData("steps=3; fast", "MQ1019", "'fast'")]
    [InlineData("missing.json", "MQ1019", "missing.json")]
    public void A_bad_line_names_key_and_range(string line, string code, string part)
    {
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => RecipeSettingsReader.Read(line, _folder.Path));
        Assert.Equal(code, e.Code);
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[1]", "MQ1019")]
    [InlineData("{ \"steps\": ", "MQ1019")]
    [InlineData("", "MQ1019")]
    [InlineData("{ \"steps\": { \"of\": 3 } }", "MQ3003")]
    [InlineData("{ \"steps\": null }", "MQ3003")]
    [InlineData("{ \"lost\": \"logits\" }", "MQ3002")]
    public void A_bad_file_is_named(string content, string code)
    {
        _folder.Write("bad.json", content);
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => RecipeSettingsReader.Read("bad.json", _folder.Path));
        Assert.Equal(code, e.Code);
        Assert.Contains("bad.json", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("batchSize=16; windows=8", "batchSize=16")]
    [InlineData("scope=block; loss=logits", "loss=logits")]
    [InlineData("transformations=none; clips=false; ranges=false", "Nothing")]
    [InlineData("afterRounding=true; clips=true", "afterRounding=true")]
    [InlineData("afterRounding=true; transformations=upDown", "afterRounding=true")]
    public void Contradictions_are_refused(string line, string part)
    {
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => RecipeSettingsReader.Read(line).ApplyTo(new()));
        Assert.Equal("MQ3005", e.Code);
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_matrix_with_one_scale_has_none_to_learn_for_its_rows()
    {
        QuantizationRequest request = new()
        {
            CheckpointPath = _folder.Path,
            OutputPath = "unused",
            Recipe = "MobileQuant+",
            Granularity = WeightGranularity.Tensor,
            Settings = new() { AfterRounding = true },
        };
        MobileQuantException e = Assert.Throws<MobileQuantException>(() => RequestNormalizer.NormalizeInputs(request));
        Assert.Equal("MQ3005", e.Code);
        Assert.Contains("tensor", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SmoothQuant-Edge", false)]
    [InlineData("auto", false)]
    [InlineData("MobileQuant", true)]
    [InlineData("omniquant-edge+arl", true)]
    public void Only_recipes_that_learn_take_settings(string recipe, bool learns)
    {
        QuantizationRequest request = new() { CheckpointPath = _folder.Path, OutputPath = "unused", Recipe = recipe, Settings = new() { Steps = 5 } };
        if (learns)
        {
            Assert.Equal("steps=5", RequestNormalizer.NormalizeInputs(request).Settings.ResultText);
        }
        else
        {
            Assert.Equal("MQ3004", Assert.Throws<MobileQuantException>(() => RequestNormalizer.NormalizeInputs(request)).Code);
        }
    }

    [Fact]
    public void Recipes_that_learn_say_what_and_small_and_large_models_learn_for_fewer_steps()
    {
        DecoderArchitecture small = RandomDecoder.Architecture with { ContextLength = 512 };
        DecoderArchitecture medium = small with { HiddenSize = 512, FeedForwardSize = 1408, LayerCount = 8, VocabularySize = 8192 };
        DecoderArchitecture large = small with { HiddenSize = 1024, FeedForwardSize = 4096, LayerCount = 16, VocabularySize = 32000 };
        Assert.All(RecipeCatalog.All, recipe => Assert.Equal(recipe.Learns, recipe.LearningFor(small, Precision.W4A8, ActivationMode.Static) is not null));
        foreach (IRecipe recipe in RecipeCatalog.All.Where(recipe => recipe.Learns))
        {
            int[] steps = [.. new[] { small, medium, large }.Select(size => recipe.LearningFor(size, Precision.W8A8, ActivationMode.Token)!.Steps)];
            Assert.True(steps[2] < steps[1]);
            Assert.True(steps[0] < steps[1]);
        }

        Assert.Equal(
            ["OmniQuant", "OmniQuant-Edge", "OmniQuant-Edge+ARL", "MobileQuant", "MobileQuant+"],
            RecipeCatalog.All.Where(recipe => recipe.Learns).Select(recipe => recipe.Name));
        Assert.DoesNotContain(SmoothingKind.UpDown, RecipeCatalog.Find("OmniQuant").LearningFor(small, Precision.W8A8, ActivationMode.Static)!.Transformations);
        Assert.False(RecipeCatalog.Find("OmniQuant-Edge").LearningFor(small, Precision.W8A8, ActivationMode.Static)!.Ranges);
    }

    [Fact]
    public void A_massive_channel_asks_for_the_loss_on_logits()
    {
        using DecoderModel model = RandomDecoder.Create(RandomDecoder.Architecture, seed: 3);
        int[][] windows = [RandomDecoder.Ids(model.Architecture, 24, 1), RandomDecoder.Ids(model.Architecture, 24, 2)];
        Assert.Equal(LearningLoss.HiddenState, LossChoice.Of(model, new(windows, "text")).Loss);
        using (TorchSharp.torch.Tensor channel = model.Weights.Embedding.narrow(1, 5, 1))
        {
            channel.fill_(100);
        }

        (LearningLoss loss, Finding finding) = LossChoice.Of(model, new(windows, "text"));
        Assert.Equal(LearningLoss.Logits, loss);
        Assert.InRange(finding.Loss, 0.9, 1);
    }
}
