using System.Globalization;
using MobileQuant;
using MobileQuant.JobHost;

// A quantization job in a process that a test can kill: everything is real but the producer.
// CHECKPOINT OUTPUT STORE SEED PAUSE_IN_MILLISECONDS; prints the result's key, and why it was a miss.
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
