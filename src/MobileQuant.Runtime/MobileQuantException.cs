namespace MobileQuant;

/// <summary>
/// The one exception that crosses this library's borders: a failure with a stable code (a page in docs/errors),
/// a message that names the file or tensor with the expected and the found, and a remedy where one is known.
/// </summary>
/// <remarks>Bands: MQ1xxx project, MQ2xxx checkpoint, MQ3xxx recipe and accuracy, MQ4xxx cache, MQ5xxx NPU, MQ6xxx runtime, MQ9xxx internal.</remarks>
public sealed class MobileQuantException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="code">A code of the form MQ0000.</param>
    /// <param name="message">What is wrong, where, expected and found.</param>
    /// <param name="remedy">What the user can do, or null.</param>
    /// <param name="innerException">The cause, or null.</param>
    public MobileQuantException(string code, string message, string? remedy = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Code = code;
        Remedy = remedy;
    }

    /// <summary>The stable code, for example MQ2003.</summary>
    public string Code { get; }

    /// <summary>What the user can do about it, or null.</summary>
    public string? Remedy { get; }
}
