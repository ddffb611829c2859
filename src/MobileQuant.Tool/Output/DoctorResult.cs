using MobileQuant.Torch;

namespace MobileQuant.Tool.Output;

/// <summary>What <c>doctor --json</c> prints.</summary>
internal sealed record DoctorResult(
    string ToolVersion,
    string Framework,
    string OperatingSystem,
    string RuntimeIdentifier,
    int Processors,
    long MemoryBytes,
    string KernelPath,
    IReadOnlyList<string> Kernels,
    IReadOnlyList<string> InstructionSets,
    TorchState Torch,
    DoctorStore Store);

/// <summary>The store; <paramref name="Problem"/> says why it cannot be used, or is null.</summary>
internal sealed record DoctorStore(string Directory, long Bytes, int Entries, long LimitBytes, string? Problem);
