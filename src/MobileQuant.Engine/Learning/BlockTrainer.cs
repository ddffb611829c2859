using MobileQuant.Calibration;
using MobileQuant.Modeling;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>
/// Learns one layer after the other (OmniQuant, arXiv 2308.13137): each makes the squared error between its output, behind layers that
/// are learned already, and the float layer's output, behind float layers, small. Holds both residual streams of all windows.
/// </summary>
internal sealed class BlockTrainer : IDisposable
{
    private readonly LearnedModel _student;
    private readonly DecoderModel _teacher;
    private readonly KeyValueCache? _prefix;
    private readonly LearningSettings _settings;
    private readonly LearningEnvironment _environment;
    private readonly torch.Tensor[] _learned;
    private readonly torch.Tensor[] _float;

    /// <param name="student">What learns.</param>
    /// <param name="teacher">The float model.</param>
    /// <param name="prefix">What the teacher's sequences start behind, or null.</param>
    /// <param name="windows">What steps draw from.</param>
    /// <param name="settings">Steps, rates.</param>
    /// <param name="environment">Seed, cancellation.</param>
    public BlockTrainer(
        LearnedModel student, DecoderModel teacher, KeyValueCache? prefix, CalibrationSet windows, LearningSettings settings, LearningEnvironment environment)
    {
        (_student, _teacher, _prefix, _settings, _environment) = (student, teacher, prefix, settings, environment);
        using IDisposable noGradient = torch.no_grad();
        _learned = [.. windows.Windows.Select(window => Embed(student.Decoder, window, student.Sites))];
        _float = [.. windows.Windows.Select(window => Embed(teacher, window, null))];
    }

    /// <summary>Learns.</summary>
    public void Run(LearningRun run)
    {
        BatchPlan plan = new(_environment.Seed, _learned.Length, _settings.BatchSize);
        int windowsPerPass = EndToEndTrainer.WindowsPerPass(_student.Decoder.Architecture, (int)_learned[0].shape[1]);
        for (int i = 0; i < _student.Decoder.Architecture.LayerCount; i++)
        {
            int layer = i;
            Advance(_float, x => _teacher.RunLayer(layer, x, null, _prefix));
            run.Go(layer, _student.ParametersOf(layer), step =>
            {
                _student.Fill(layer);
                double loss = plan.Of(step).Chunk(windowsPerPass).Sum(chosen => Pass(layer, chosen));
                _student.TakeGradients(layer);
                return loss;
            });
            _student.Fill(layer);
            Advance(_learned, x => _student.Decoder.RunLayer(layer, x, _student.Sites, _student.Prefix));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (torch.Tensor stream in _learned.Concat(_float))
        {
            stream.Dispose();
        }
    }

    private static torch.Tensor Embed(DecoderModel model, int[] window, ISiteTap? tap)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        return model.Embed(TokenTensor.Of(window), tap).DetachFromDisposeScope();
    }

    /// <summary>Loss of some windows; their gradients stay in the layer's leaves.</summary>
    private double Pass(int layer, int[] chosen)
    {
        _environment.CancellationToken.ThrowIfCancellationRequested();
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor entering = torch.cat([.. chosen.Select(index => _learned[index])], 0).requires_grad_(true);
        torch.Tensor target = torch.cat([.. chosen.Select(index => _float[index])], 0);
        torch.Tensor leaving = _student.Decoder.RunLayer(layer, entering, _student.Sites, _student.Prefix);
        (double loss, torch.Tensor gradient) = Objective.SquaredError(leaving.detach(), target, (double)chosen.Length / _settings.BatchSize);
        leaving.backward([gradient]);
        return loss;
    }

    private void Advance(torch.Tensor[] streams, Func<torch.Tensor, torch.Tensor> layer)
    {
        using IDisposable noGradient = torch.no_grad();
        for (int i = 0; i < streams.Length; i++)
        {
            _environment.CancellationToken.ThrowIfCancellationRequested();
            using DisposeScope scope = torch.NewDisposeScope();
            torch.Tensor before = streams[i];
            streams[i] = layer(before).DetachFromDisposeScope();
            before.Dispose();
        }
    }
}
