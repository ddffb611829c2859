using System.Text.Json.Serialization;

namespace MobileQuant.Tool.Output;

/// <summary>A line of <c>--events</c>: a step began or advanced.</summary>
internal sealed record ProgressEvent(string Event, string Step, string Text, long Done, long Total);

/// <summary>A line of <c>--events</c>: a fact for people.</summary>
internal sealed record MessageEvent(string Event, string Text);

/// <summary>A line of <c>--events</c>: one entry of the fingerprint, a line for each.</summary>
internal sealed record FingerprintEvent(string Event, string Name, string Sha256, string Text);

/// <summary>A line of <c>--events</c>: something wrong that does not stop the work.</summary>
internal sealed record WarningEvent(string Event, string Code, string Message, string? Remedy);

/// <summary>A line of <c>--events</c>: the one error that ended the command.</summary>
internal sealed record ErrorEvent(string Event, string Code, string Message, string? Remedy);

/// <summary>The last line of <c>--events</c> when all went well.</summary>
internal sealed record ResultEvent(
    string Event, string Output, long Bytes, double Seconds, long PeakMemoryBytes, string Cache, string? From, string Fingerprint, string? Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? PerplexityIncrease = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? WorstSqnr = null);
