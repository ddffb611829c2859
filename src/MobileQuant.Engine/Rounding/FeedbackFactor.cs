namespace MobileQuant.Rounding;

/// <summary>In which order columns are rounded, and how the error of each is spread over those that follow.</summary>
/// <param name="Order">[columns]: the column of each turn.</param>
/// <param name="Spread">
/// Row-major [columns, columns], by turns: U_ij / U_ii for j > i, with U the upper Cholesky factor of H^-1. The part below the
/// diagonal is not read.
/// </param>
internal sealed record FeedbackFactor(int[] Order, float[] Spread);
