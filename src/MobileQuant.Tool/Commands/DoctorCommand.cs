using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using MobileQuant.Caching;
using MobileQuant.Kernels;
using MobileQuant.Tool.Output;
using MobileQuant.Torch;

namespace MobileQuant.Tool.Commands;

/// <summary><c>mobilequant doctor</c>: what this machine offers, and where things lie.</summary>
internal sealed class DoctorCommand
{
    /// <summary>Shown below the help.</summary>
    public const string Examples = """
          mobilequant doctor
          mobilequant doctor --json
        """;

    private readonly Option<string?> _directory = CommonOptions.CacheDirectory();
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly ToolConsole _console;

    private DoctorCommand(ToolConsole console) => _console = console;

    public static Command Create(ToolConsole console)
    {
        DoctorCommand self = new(console);
        Command command = new("doctor", "Shows versions, the kernel path, the CPU's instruction sets, the state of TorchSharp and the store.")
        {
            self._directory, self._json,
        };
        command.SetAction(self.Run);
        return command;
    }

    /// <summary>The version of this tool, without the source revision.</summary>
    public static string ToolVersion { get; } =
        typeof(DoctorCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static DoctorStore DescribeStore(string? directory)
    {
        try
        {
            ContentStore store = ContentStore.Open(directory);
            return new(store.Location, store.MeasureBytes(), store.List().Count, store.LimitBytes, null);
        }
        catch (MobileQuantException e)
        {
            return new(StoreLocation.Resolve(directory), 0, 0, 0, e.Message);
        }
    }

    private static DoctorResult Examine(string? directory) => new(
        ToolVersion,
        RuntimeInformation.FrameworkDescription,
        RuntimeInformation.OSDescription,
        RuntimeInformation.RuntimeIdentifier,
        Environment.ProcessorCount,
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        KernelSelection.Default.Name,
        [.. KernelSelection.All.Select(kernel => kernel.Name)],
        ProcessorType.InstructionSets,
        TorchRuntime.Describe(),
        DescribeStore(directory));

    private int Run(ParseResult parsed)
    {
        DoctorResult result = Examine(parsed.GetValue(_directory));
        if (parsed.GetValue(_json))
        {
            _console.Out.WriteLine(ToolJson.Text(result, ToolJson.Indented.DoctorResult));
            return ExitCodes.Good;
        }

        TextWriter o = _console.Out;
        o.WriteLine($"mobilequant   {result.ToolVersion} on {result.Framework}");
        o.WriteLine($"system        {result.OperatingSystem}, {result.RuntimeIdentifier}, {result.Processors} processors, {Units.Bytes(result.MemoryBytes)} memory");
        o.WriteLine($"instructions  {string.Join(", ", result.InstructionSets)}");
        o.WriteLine($"kernel path   {result.KernelPath} (here: {string.Join(", ", result.Kernels)})");
        o.WriteLine($"torch         TorchSharp {result.Torch.TorchSharpVersion}, {result.Torch.Package ?? "libtorch is not published for this platform"}: {Explain(result.Torch)}");
        o.WriteLine(result.Store.Problem is null
            ? $"store         {result.Store.Directory}: {result.Store.Entries} entries, {Units.Bytes(result.Store.Bytes)} of {Units.Bytes(result.Store.LimitBytes)}"
            : $"store         {result.Store.Problem}");
        return ExitCodes.Good;
    }

    private static string Explain(TorchState torch) =>
        torch.Package is null ? "artifacts run here, quantizing does not"
        : torch.BindingPath is null ? "LibTorchSharp was not found beside the tool"
        : torch.LibtorchFolder is { } folder ? $"found in {folder}"
        : $"will be fetched from your NuGet sources into {torch.DataFolder} when first needed";
}
