using MobileQuant.Calibration;
using MobileQuant.Modeling;
using MobileQuant.Torch;
using TorchSharp;

namespace MobileQuant.Learning;

/// <summary>Learns all layers by one loss behind the last of them (MobileQuant, arXiv 2408.13933).</summary>
internal sealed class EndToEndTrainer : IDisposable
{
    // On the CPU a pass shall stay in the caches, but have enough to do for each operation.
    private const int ValuesPerPass = 1 << 18;
    private const int FewestTokens = 512;
    private const int MostTokens = 4096;

    private readonly LearnedModel _student;
    private readonly CalibrationSet _windows;
    private readonly LearningSettings _settings;
    private readonly LearningEnvironment _environment;
    private readonly Objective _objective;
    private readonly Dictionary<int, torch.Tensor> _targets = [];

    /// <param name="student">What learns.</param>
    /// <param name="teacher">The float model.</param>
    /// <param name="prefix">What the teacher's sequences start behind, or null.</param>
    /// <param name="windows">What steps draw from.</param>
    /// <param name="settings">Loss, steps, rates.</param>
    /// <param name="environment">Seed, cancellation.</param>
    public EndToEndTrainer(
        LearnedModel student, DecoderModel teacher, KeyValueCache? prefix, CalibrationSet windows, LearningSettings settings, LearningEnvironment environment)
    {
        (_student, _windows, _settings, _environment) = (student, windows, settings, environment);
        _objective = new(settings.Loss, teacher, student, prefix);
    }

    /// <summary>How many windows go through the layers at once.</summary>
    public static int WindowsPerPass(DecoderArchitecture architecture, int windowLength)
    {
        int tokens = ComputeDevice.IsRemote ? MostTokens : Math.Clamp(ValuesPerPass / architecture.HiddenSize, FewestTokens, MostTokens);
        return Math.Max(1, tokens / windowLength);
    }

    /// <summary>Learns.</summary>
    public void Run(LearningRun run)
    {
        int layers = _student.Decoder.Architecture.LayerCount;
        LearnedParameter[] parameters = [.. Enumerable.Range(0, layers).SelectMany(_student.ParametersOf)];
        BatchPlan plan = new(_environment.Seed, _windows.Windows.Count, _settings.BatchSize);
        int windowsPerPass = WindowsPerPass(_student.Decoder.Architecture, _windows.WindowLength);
        CheckpointedPass pass = new(
            _student, CheckpointedPass.LayersFor(_student.Decoder.Architecture, windowsPerPass, _windows.WindowLength, _student.Decoder.FusesAttention));
        run.Go(0, parameters, step =>
        {
            for (int layer = 0; layer < layers; layer++)
            {
                _student.Fill(layer);
            }

            double loss = 0;
            foreach (int[] chosen in plan.Of(step).Chunk(windowsPerPass))
            {
                using DisposeScope scope = torch.NewDisposeScope();
                torch.Tensor ids = TokenTensor.Of([.. chosen.Select(index => _windows.Windows[index])]);
                torch.Tensor target = TargetOf(chosen);
                loss += pass.Run(
                    Embed(ids), leaving => _objective.Evaluate(leaving, target, (double)chosen.Length / _settings.BatchSize), _environment.CancellationToken);
            }

            for (int layer = 0; layer < layers; layer++)
            {
                _student.TakeGradients(layer);
            }

            return loss;
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (torch.Tensor target in _targets.Values)
        {
            target.Dispose();
        }

        _targets.Clear();
    }

    private torch.Tensor Embed(torch.Tensor ids)
    {
        using IDisposable noGradient = torch.no_grad();
        return _student.Decoder.Embed(ids, _student.Sites);
    }

    /// <summary>
    /// The float model's side of some windows, each computed alone, so that keeping it changes nothing; belongs to the open dispose
    /// scope.
    /// </summary>
    private torch.Tensor TargetOf(int[] chosen)
    {
        List<torch.Tensor> targets = [];
        List<torch.Tensor> passing = [];
        foreach (int index in chosen)
        {
            if (!_targets.TryGetValue(index, out torch.Tensor? target))
            {
                using torch.Tensor ids = TokenTensor.Of(_windows.Windows[index]);
                target = _objective.TargetOf(ids);
                if (_settings.KeepsTargets)
                {
                    _targets.Add(index, target);
                }
                else
                {
                    passing.Add(target);
                }
            }

            targets.Add(target);
        }

        torch.Tensor all = torch.cat(targets, 0);
        passing.ForEach(target => target.Dispose());
        return all;
    }
}
