namespace MobileQuant.Evaluation;

/// <summary>A question with several answers, one of them right.</summary>
/// <param name="Context">What comes before the answer; may be empty.</param>
/// <param name="Choices">The answers, two or more, none of them blank.</param>
/// <param name="Answer">Index of the right one, from 0.</param>
public sealed record ChoiceQuestion(string Context, IReadOnlyList<string> Choices, int Answer);
