using TorchSharp;

namespace MobileQuant.Torch;

/// <summary>
/// Where passes through models run, with and without gradients: a property of the machine, not of the result, and so chosen by its
/// environment. Weights, and all that C# does with them (grids, folding, lowering), stay on the CPU.
/// </summary>
internal static class ComputeDevice
{
    /// <summary><c>cpu</c> (or nothing) or <c>cuda</c>.</summary>
    public const string Variable = "MOBILEQUANT_DEVICE";

    private static torch.Device? _current;

    /// <summary>The device; the CPU until <see cref="Choose"/> found another.</summary>
    public static torch.Device Current => _current ?? torch.CPU;

    /// <summary>Whether tensors of passes are copies of those that C# reads and writes.</summary>
    public static bool IsRemote => Current.type != DeviceType.CPU;

    /// <summary>Reads the environment, once libtorch is loaded.</summary>
    /// <param name="libtorch">Where libtorch came from, for the error.</param>
    /// <exception cref="MobileQuantException">MQ9004: no such device, or not with this libtorch.</exception>
    public static void Choose(string libtorch)
    {
        string name = Environment.GetEnvironmentVariable(Variable) ?? string.Empty;
        if (name.Length == 0 || name.Equals("cpu", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        if (!name.Equals("cuda", StringComparison.OrdinalIgnoreCase))
        {
            throw new MobileQuantException("MQ9004", $"{Variable} is '{name}', which is no device.", "Set it to cpu or cuda, or remove it.");
        }

        if (!torch.TryInitializeDeviceType(DeviceType.CUDA))
        {
            throw new MobileQuantException(
                "MQ9004",
                $"{Variable} asks for cuda, which the libtorch in {libtorch} cannot use on this machine.",
                $"Point {LibtorchPackage.FolderVariable} to the libraries of a libtorch {LibtorchPackage.Version} with CUDA, or remove {Variable}.");
        }

        _current = torch.CUDA;
    }

    /// <summary>The tensor itself where it lies on the device, else a copy there.</summary>
    public static torch.Tensor On(this torch.Tensor tensor, torch.Device device) => tensor.device_type == device.type ? tensor : tensor.to(device);
}
