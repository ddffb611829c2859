namespace MobileQuant.Lowering;

/// <summary>The error function, which .NET does not have.</summary>
internal static class ErrorFunction
{
    /// <summary>
    /// erf(x) = 2 / sqrt(pi) * exp(-x^2) * sum_n 2^n x^(2n+1) / (1 * 3 * ... * (2n+1)) (Abramowitz and Stegun, 7.1.6): all terms have one
    /// sign, so nothing cancels; within 1e-15.
    /// </summary>
    /// <param name="x">Any number.</param>
    /// <returns>In [-1, 1].</returns>
    public static double Of(double x)
    {
        // Beyond it, 1 - |erf(x)| < 2e-17.
        if (Math.Abs(x) > 6)
        {
            return Math.Sign(x);
        }

        double term = x;
        double sum = x;
        for (int n = 1; Math.Abs(term) > Math.Abs(sum) * 1e-17; n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
