namespace MobileQuant.Kernels;

/// <summary>Which linear kernels this process can run. All give the same bits; they differ in speed only.</summary>
internal static class KernelSelection
{
    /// <summary>The environment variable that names a kernel to use instead of the best one.</summary>
    public const string EnvironmentVariable = "MOBILEQUANT_KERNEL";

    private static readonly LinearKernel[] s_known =
    [
        new Avx2LinearKernel(),
        new AdvSimdLinearKernel<AdvSimdDpDot>("advsimd-dp"),
        new AdvSimdLinearKernel<AdvSimdMultiplyDot>("advsimd"),
        new ScalarLinearKernel(),
    ];

    /// <summary>The supported kernels, best first.</summary>
    public static IReadOnlyList<LinearKernel> All { get; } = [.. s_known.Where(kernel => kernel.IsSupported)];

    /// <summary>The best supported kernel.</summary>
    public static LinearKernel Best => All[0];

    /// <summary>The kernel that <see cref="EnvironmentVariable"/> names, or the best.</summary>
    /// <exception cref="MobileQuantException">MQ6050, MQ6051: see <see cref="ByName"/>.</exception>
    public static LinearKernel Default =>
        Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } name ? ByName(name) : Best;

    /// <summary>Finds a supported kernel by its name.</summary>
    /// <param name="name">One of scalar, avx2, advsimd, advsimd-dp; case does not matter.</param>
    /// <returns>The kernel.</returns>
    /// <exception cref="MobileQuantException">MQ6050: no such kernel. MQ6051: the processor or a DOTNET_Enable* setting rules it out.</exception>
    public static LinearKernel ByName(string name)
    {
        LinearKernel? kernel = Array.Find(s_known, known => string.Equals(known.Name, name, StringComparison.OrdinalIgnoreCase));
        string supported = string.Join(", ", All.Select(known => known.Name));
        if (kernel is null)
        {
            throw new MobileQuantException(
                "MQ6050",
                $"there is no kernel '{name}'; known are {string.Join(", ", s_known.Select(known => known.Name))}",
                $"name one that runs here ({supported}), or none to use the best");
        }

        return kernel.IsSupported
            ? kernel
            : throw new MobileQuantException(
                "MQ6051",
                $"kernel '{kernel.Name}' cannot run in this process; supported are {supported}",
                "use a processor that has the instructions, clear DOTNET_Enable* settings, or name no kernel to use the best");
    }
}
