namespace MobileQuant.Evaluation;

/// <summary>Accuracy of the last token, as LAMBADA is measured on devices.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Text">The text's name.</param>
/// <param name="Tokens">Lines that were scored: one token each.</param>
/// <param name="Accuracy">Share of lines whose last token was the model's best guess.</param>
public sealed record LastTokenResult(string Model, string Text, long Tokens, double Accuracy);
