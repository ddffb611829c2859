using System.Diagnostics;
using System.Globalization;

namespace MobileQuant.Build.Tool;

/// <summary>Turns the tool's fine progress into a line every few seconds.</summary>
internal sealed class ProgressText
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();

    /// <summary>Whether a line is due; asking for one that is starts the next interval.</summary>
    public bool IsDue()
    {
        if (_sinceLast.Elapsed < Interval)
        {
            return false;
        }

        _sinceLast.Restart();
        return true;
    }

    /// <summary>The line of one progress event.</summary>
    public static string Of(ToolEvent progress)
    {
        string text = progress.Text("text");
        text = text.Length == 0 ? progress.Text("step") : text;
        double total = progress.Number("total");
        return total > 0
            ? string.Format(CultureInfo.InvariantCulture, "{0} ({1:0} of {2:0})", text, progress.Number("done"), total)
            : text;
    }

    /// <summary>The line of one entry of the fingerprint: enough of its digest to tell two apart.</summary>
    public static string OfFingerprint(ToolEvent entry)
    {
        string digest = entry.Text("sha256");
        return $"fingerprint: {entry.Text("name")} {digest.Substring(0, Math.Min(12, digest.Length))} {entry.Text("text")}";
    }

    /// <summary>The line that says how a model came to be.</summary>
    public static string OfResult(ToolEvent result)
    {
        string reason = result.Text("reason");
        bool isHit = result.Text("cache") == "hit";
        string from = result.Text("from") switch
        {
            "remote" => "from the remote cache",
            "package" => "from the package",
            _ => "from the store",
        };
        return string.Format(
            CultureInfo.InvariantCulture,
            "{0} in {1:0.0} s{2}, {3:0.0} MB{4}",
            isHit ? from : "quantized",
            result.Number("seconds"),
            isHit || reason.Length == 0 ? string.Empty : " (" + reason + ")",
            result.Number("bytes") / 1e6,
            Quality(result));
    }

    private static string Quality(ToolEvent result)
    {
        List<string> parts = [];
        if (result.Text("perplexityIncrease").Length > 0)
        {
            parts.Add(string.Format(CultureInfo.InvariantCulture, "perplexity {0:+0.00;-0.00;0.00} %", result.Number("perplexityIncrease") * 100));
        }

        if (result.Text("worstSqnr").Length > 0)
        {
            parts.Add(string.Format(CultureInfo.InvariantCulture, "worst site {0:0.0} dB", result.Number("worstSqnr")));
        }

        return parts.Count == 0 ? string.Empty : "; " + string.Join(", ", parts);
    }
}
