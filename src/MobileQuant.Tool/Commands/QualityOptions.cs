using System.CommandLine;
using MobileQuant.Evaluation.Quality;

namespace MobileQuant.Tool.Commands;

/// <summary>The limits of the quality gate.</summary>
internal sealed class QualityOptions
{
    private readonly Option<string?> _maxPerplexityIncrease = new("--max-perplexity-increase") { Description = "Quality gate: how much higher than the float model's the perplexity in integers may be, such as 10% or 0.1. Fails with exit code 3.", HelpName = "percent" };
    private readonly Option<string?> _minSqnr = new("--min-sqnr") { Description = "Quality gate: the least signal to quantization-noise ratio of each site, float against integers. Fails with exit code 3.", HelpName = "dB" };

    /// <summary>Adds them.</summary>
    public void AddTo(Command command)
    {
        command.Add(_maxPerplexityIncrease);
        command.Add(_minSqnr);
    }

    /// <summary>Reads them.</summary>
    /// <exception cref="MobileQuantException">MQ1031, MQ1032: not in the documented form.</exception>
    public QualityLimits Read(ParseResult parsed) => QualityLimits.Parse(Given(parsed, _maxPerplexityIncrease), Given(parsed, _minSqnr));

    // An empty value is a slip of a script, not the absence of a limit.
    private static string? Given(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { } text ? text.Trim().Length == 0 ? "(empty)" : text : null;
}
