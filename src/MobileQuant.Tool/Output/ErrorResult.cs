namespace MobileQuant.Tool.Output;

/// <summary>What <c>--json</c> prints for a failure.</summary>
internal sealed record ErrorResult(ErrorBody Error);

/// <summary>The failure itself.</summary>
internal sealed record ErrorBody(string Code, string Message, string? Remedy);
