using System.Globalization;
using MobileQuant;
using MobileQuant.JobHost;

// Quantization jobs in a process of their own.
//   real FOLDER THREADS NAME...: what RealJobs has under these names, in that order, with the real engine
//   CHECKPOINT OUTPUT STORE SEED PAUSE_IN_MILLISECONDS: one that a test can kill; everything is real but the producer.
//   It prints the result's key, and why it was a miss.
if (args[0] == "real")
{
    foreach (string name in args[3..])
    {
        QuantizationResult made = await QuantizationJob.RunAsync(RealJobs.Request(args[1], name, int.Parse(args[2], CultureInfo.InvariantCulture)));
        Console.WriteLine(made.CacheHit ? throw new InvalidOperationException($"{name} was made before") : made.Fingerprint);
    }

    return;
}

QuantizationRequest request = new()
{
    CheckpointPath = args[0],
    OutputPath = args[1],
    CacheDirectory = args[2],
    Seed = int.Parse(args[3], CultureInfo.InvariantCulture),
};
SlowProducer producer = new(TimeSpan.FromMilliseconds(int.Parse(args[4], CultureInfo.InvariantCulture)));
QuantizationResult result = await new QuantizationJob(producer).ExecuteAsync(request, null, default);
Console.WriteLine(result.Fingerprint);
Console.WriteLine(result.MissReason ?? "hit");
