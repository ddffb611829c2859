namespace MobileQuant.Text.Templates;

/// <summary>What a value is given to.</summary>
internal abstract record AssignmentTarget
{
    internal sealed record Variable(string Name) : AssignmentTarget;

    internal sealed record Tuple(IReadOnlyList<AssignmentTarget> Items) : AssignmentTarget;

    /// <summary>A member of a <c>namespace()</c>: the one thing that outlives the block which changes it.</summary>
    internal sealed record Member(string Name, string Attribute) : AssignmentTarget;
}
