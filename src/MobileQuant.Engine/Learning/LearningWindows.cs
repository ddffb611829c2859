using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Text;

namespace MobileQuant.Learning;

/// <summary>Where the windows that learning draws from come from.</summary>
internal static class LearningWindows
{
    // Drawing them takes as long as learning from them.
    private const int MostSampled = 64;

    /// <summary>From the calibration text, or sampled from the model where there is none.</summary>
    /// <param name="model">The float model, behind its prefix.</param>
    /// <param name="files">Calibration texts; may be empty.</param>
    /// <param name="tokenizer">The checkpoint's; not null where there are texts.</param>
    /// <param name="settings">Says how many windows of which length; of sampled ones there are 64 at most.</param>
    /// <param name="environment">Seed, progress and cancellation.</param>
    public static CalibrationSet Read(
        DecoderModel model, IReadOnlyList<string> files, TextTokenizer? tokenizer, LearningSettings settings, LearningEnvironment environment)
    {
        int length = Math.Min(settings.WindowLength, model.Architecture.ContextLength - model.Prefix.Count);
        if (files.Count > 0 && tokenizer is not null)
        {
            environment.Progress?.Report(new QuantizationEvent.Progress("learn", "encoding the text to learn from", 0, 0));
            return CalibrationCorpus.Read(files, tokenizer, settings.Windows, length, environment.Seed);
        }

        return ModelSampler.Sample(model, Math.Min(settings.Windows, MostSampled), length, environment.Seed, environment.Progress, environment.CancellationToken);
    }
}
