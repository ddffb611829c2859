using System.Runtime.CompilerServices;

namespace MobileQuant.Text.Templates;

/// <summary>
/// One rendering: where it stands, for messages, and what it has used of its limits. A template can neither run for long nor take
/// much memory nor overflow the stack, whatever it says.
/// </summary>
internal sealed class RenderContext(TimeProvider clock)
{
    /// <summary>Most steps; a step is a node or some 64 characters looked at. Enough for thousands of messages.</summary>
    public const long LargestSteps = 4_000_000;

    /// <summary>Most characters and list items made in all, intermediate ones included.</summary>
    public const long LargestGrowth = 1 << 25;

    /// <summary>Deepest nesting of evaluations, macros included, and of values inside each other.</summary>
    public const int LargestDepth = 200;

    private const int CharactersPerStep = 64;

    private long _steps;
    private long _grown;
    private int _depth;

    public TimeProvider Clock => clock;

    /// <summary>The line of the node being rendered.</summary>
    public int Line { get; set; } = 1;

    public MobileQuantException Fail(string problem) => TemplateErrors.Rendering(Line, problem);

    /// <summary>Counts a step, and the characters or items that it looks at.</summary>
    public void Spend(long looked = 0)
    {
        _steps += 1 + (looked / CharactersPerStep);
        if (_steps > LargestSteps || _steps < 0)
        {
            throw TemplateErrors.Limit(Line, $"rendering takes more than {LargestSteps} steps");
        }
    }

    /// <summary>Counts characters or items about to be made.</summary>
    public void Grow(long count)
    {
        Spend(count);
        _grown += count;
        if (_grown > LargestGrowth)
        {
            throw TemplateErrors.Limit(Line, $"rendering makes more than {LargestGrowth} characters");
        }
    }

    /// <summary>Counts the characters of a text that was just made from one of about the same length.</summary>
    public string Made(string text)
    {
        Grow(text.Length);
        return text;
    }

    /// <summary>Called at every step down, with <see cref="Leave"/> at the step up.</summary>
    public void Enter()
    {
        Spend();
        if (++_depth > LargestDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw TemplateErrors.Limit(Line, $"evaluation is nested deeper than {LargestDepth} levels");
        }
    }

    public void Leave() => _depth--;
}
