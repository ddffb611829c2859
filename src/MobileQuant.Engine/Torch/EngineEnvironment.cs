using System.Globalization;
using MobileQuant.Artifacts;
using TorchSharp;

namespace MobileQuant.Torch;

/// <summary>What this process computes with, as artifacts tell it.</summary>
internal static class EngineEnvironment
{
    /// <summary>Describes it; to be asked once libtorch is loaded.</summary>
    /// <remarks>
    /// Two jobs of one machine must say the same, and so should two machines of one type: no names of machines, no clock rates, no
    /// counts of cores, and no patch version of .NET, which a machine may have several of.
    /// </remarks>
    public static ManifestEnvironment Describe() => new(
        ProcessorType.Name,
        ProcessorType.InstructionSets,
        ComputeDevice.Current.type == DeviceType.CUDA ? "cuda" : "cpu",
        LibtorchPackage.ForThisMachine()?.RuntimeIdentifier ?? "unknown",
        string.Create(CultureInfo.InvariantCulture, $".NET {Environment.Version.Major}.{Environment.Version.Minor}"),
        TorchRuntime.TorchSharpVersion,
        LibtorchPackage.NamedFolder is null ? LibtorchPackage.Version : $"{LibtorchPackage.Version} from {LibtorchPackage.FolderVariable}");
}
