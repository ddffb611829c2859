namespace MobileQuant.Tests;

/// <summary>Tests of process-wide state (live tensors, the number of torch's threads), which only work, and disturb no other, while no other test runs.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessStateGroup
{
    public const string Name = "process state";
}
