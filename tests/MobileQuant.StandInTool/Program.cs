using MobileQuant.StandInTool;

// Speaks the protocol of `mobilequant quantize @file` for tests of the build targets: it checks its arguments strictly, keeps
// a store and a log of its runs in the cache folder, and makes an "artifact" that is only its fingerprint.
// The checkpoint's config.json chooses how it behaves: see Behaviour.
if (args.Length != 2 || args[0] != "quantize" || !args[1].StartsWith('@'))
{
    Console.Error.WriteLine("usage: quantize @FILE");
    return 2;
}

if (Arguments.Parse(File.ReadAllLines(args[1][1..]), out string? problem) is not { } arguments)
{
    Console.Error.WriteLine(problem);
    return 2;
}

return new StandIn(arguments, new EventWriter(Console.Out)).Run();
