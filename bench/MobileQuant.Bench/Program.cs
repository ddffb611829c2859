using MobileQuant.Bench;

// Benchmarks and self-checks of the runtime's kernels (docs/design/kernels.md).
switch (args.FirstOrDefault())
{
    case "kernels":
        KernelBenchmark.Run();
        return 0;
    case "rows":
        RowBenchmark.Run();
        return 0;
    case "check":
        return KernelCheck.Run(args.Length > 1 ? int.Parse(args[1]) : 300) ? 0 : 1;
    default:
        Console.Error.WriteLine("usage: MobileQuant.Bench kernels | rows | check [cases]");
        return 2;
}
