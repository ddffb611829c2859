namespace MobileQuant.Evaluation;

/// <summary>Accuracy of choosing among given answers.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Text">The file's name.</param>
/// <param name="Questions">Questions that were asked.</param>
/// <param name="Tokens">Tokens of answers that were scored, right and wrong ones.</param>
/// <param name="Accuracy">Share of questions whose right answer has the greatest log-likelihood (acc).</param>
/// <param name="NormalizedAccuracy">The same by log-likelihood per character of the answer (acc_norm).</param>
public sealed record ChoiceResult(string Model, string Text, int Questions, long Tokens, double Accuracy, double NormalizedAccuracy);
