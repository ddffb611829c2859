using System.CommandLine;
using MobileQuant.Quantization;
using MobileQuant.Recipes;
using MobileQuant.Rounding;

namespace MobileQuant.Tool.Commands;

/// <summary>The options that decide what a quantization makes; for commands that quantize or simulate it.</summary>
internal sealed class RecipeOptions
{
    private readonly Option<string> _recipe = new("--recipe") { Description = $"{string.Join(", ", RecipeCatalog.Names)}.", DefaultValueFactory = _ => RecipeCatalog.Auto, HelpName = "name" };
    private readonly Option<string> _precision = new("--precision") { Description = "W8A8, W4A8, W4B64A8 or W4B32A8: bits of weights (B: in blocks) and of activations.", DefaultValueFactory = _ => "W8A8", HelpName = "WxAy" };
    private readonly Option<string> _activations = new("--activations") { Description = "token: a scale per token, found at run time. static: a scale per tensor, from calibration.", DefaultValueFactory = _ => "token", HelpName = "token|static" };
    private readonly Option<string> _target = new("--target") { Description = "What the result is for. npu: static scales at every site, as in the paper; to be simulated only (eval --simulate).", DefaultValueFactory = _ => "cpu", HelpName = "cpu|npu" };
    private readonly Option<string> _wideSites = new("--wide-sites") { Description = "Inputs of linear layers that keep 16 bits under static activations: auto[:N] (up to N, 16 by default, that pay), a number, or names separated by semicolons.", DefaultValueFactory = _ => "auto", HelpName = "auto|number|names" };
    private readonly Option<string> _prefix = new("--prefix") { Description = "Up to four tokens that every session starts behind, under static activations: none, auto (searched), token ids separated by commas, or text.", DefaultValueFactory = _ => "none", HelpName = "none|auto|tokens" };
    private readonly Option<string> _weights = new("--weights") { Description = "Grid of the weights; default: symmetric for 8 bits, asymmetric for 4.", DefaultValueFactory = _ => "default", HelpName = "symmetric|asymmetric|default" };
    private readonly Option<string> _granularity = new("--granularity") { Description = "One weight scale per channel or per tensor.", DefaultValueFactory = _ => "channel", HelpName = "channel|tensor" };
    private readonly Option<string[]> _overrides = new("--override") { Description = "Another width for some linear layers: down=W8, layers.3.attention.o=W4B32, layers.*.mlp.up=W4; repeatable, or separated by semicolons. Widths: W8, W4, W4B64, W4B32.", HelpName = "NAME=WIDTH", DefaultValueFactory = _ => [] };
    private readonly Option<double?> _alpha = new("--alpha") { Description = "Smoothing strength above 0 and below 1; left out: searched.", HelpName = "number" };
    private readonly Option<string> _rounding = new("--rounding") { Description = "nearest: each weight to its nearest code. errorfeedback: column by column, errors made up for by later columns. default: what the recipe says.", DefaultValueFactory = _ => "default", HelpName = "nearest|errorfeedback|default" };
    private readonly Option<string?> _settings = new("--settings") { Description = "What to change of the recipe's own settings: a JSON file, or KEY=VALUE separated by semicolons, such as steps=200; loss=logits.", HelpName = "file|KEY=VALUE" };
    private readonly Option<string[]> _calibration = new("--calibration") { Description = "Calibration text (.txt, or .jsonl with a field text); globs allowed, repeatable. Left out: text sampled from the model.", HelpName = "file", DefaultValueFactory = _ => [] };
    private readonly Option<string?> _baseDirectory = new("--base-directory") { Description = "Where relative calibration and evaluation paths start; default: the current folder.", HelpName = "folder" };
    private readonly Option<int> _seed = new("--seed") { Description = "Seed of everything random.", DefaultValueFactory = _ => 1337, HelpName = "number" };

    /// <summary>Adds all of them.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_recipe, _precision, _activations, _weights])
        {
            command.Add(option);
        }

        AddSharedTo(command);
    }

    /// <summary>Adds those that have one value for all rows of a comparison.</summary>
    public void AddSharedTo(Command command)
    {
        foreach (Option option in (Option[])[_target, _wideSites, _prefix, _granularity, _overrides, _alpha, _rounding, _settings, _calibration, _baseDirectory, _seed])
        {
            command.Add(option);
        }
    }

    /// <summary>Reads them into a request.</summary>
    /// <exception cref="MobileQuantException">MQ1002, MQ1003, MQ1015, MQ1019, MQ3002, MQ3003: a value that is none of the known ones.</exception>
    public QuantizationRequest Read(ParseResult parsed, string checkpoint, string output, int threads) => ReadShared(parsed, checkpoint, output, threads) with
    {
        Recipe = parsed.GetRequiredValue(_recipe),
        Precision = Precision.Parse(parsed.GetRequiredValue(_precision)),
        Activations = CommonOptions.Parse<ActivationMode>(parsed, _activations),
        Weights = CommonOptions.Parse<WeightSymmetry>(parsed, _weights),
    };

    /// <summary>Reads those of <see cref="AddSharedTo"/>.</summary>
    /// <exception cref="MobileQuantException">MQ1003, MQ1015, MQ1019, MQ3002, MQ3003: a value that is none of the known ones.</exception>
    public QuantizationRequest ReadShared(ParseResult parsed, string checkpoint, string output, int threads) => new()
    {
        CheckpointPath = checkpoint,
        OutputPath = output,
        Target = CommonOptions.Parse<QuantizationTarget>(parsed, _target),
        WideSites = WideSites.Parse(parsed.GetRequiredValue(_wideSites)),
        Prefix = SinkPrefix.Parse(parsed.GetRequiredValue(_prefix)),
        Granularity = CommonOptions.Parse<WeightGranularity>(parsed, _granularity),
        Overrides = WeightOverrides.Parse(string.Join(';', parsed.GetRequiredValue(_overrides))),
        Alpha = parsed.GetValue(_alpha),
        Rounding = CommonOptions.Parse<RoundingMode>(parsed, _rounding),
        Settings = RecipeSettingsReader.Read(parsed.GetValue(_settings), parsed.GetValue(_baseDirectory)),
        Calibration = parsed.GetRequiredValue(_calibration),
        BaseDirectory = parsed.GetValue(_baseDirectory),
        Seed = parsed.GetValue(_seed),
        Threads = threads,
    };
}
