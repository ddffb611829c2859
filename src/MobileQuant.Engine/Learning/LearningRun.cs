using System.Diagnostics;
using System.Globalization;

namespace MobileQuant.Learning;

/// <summary>The steps of a run: rates, updates, steps that are skipped, saved states, and progress.</summary>
internal sealed class LearningRun
{
    private const int MostSkippedInARow = 10;
    private const int MostPoints = 100;

    private readonly LearningSettings _settings;
    private readonly LearningEnvironment _environment;
    private readonly LearningState _state;
    private readonly int _phases;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private int _skippedInARow;
    private int _stepsHere;

    /// <param name="settings">Steps and rates.</param>
    /// <param name="environment">Progress, cancellation and the state's file.</param>
    /// <param name="state">The state of a run that starts; replaced by a saved one where there is one.</param>
    /// <param name="phases">How often the steps are gone through: once, or once per layer.</param>
    public LearningRun(LearningSettings settings, LearningEnvironment environment, LearningState state, int phases)
    {
        (_settings, _environment, _state, _phases) = (settings, environment, state, phases);
        if (environment.StatePath is not { } path || !File.Exists(path))
        {
            return;
        }

        bool isKnown = state.TryLoad(path);
        _skippedInARow = state.Losses.AsEnumerable().Reverse().TakeWhile(double.IsNaN).Count();
        Tell(isKnown
            ? $"Learning goes on after step {state.Steps} of {Total}, from {Path.GetFileName(path)}."
            : $"{Path.GetFileName(path)} belongs to another run of learning: starting anew.");
    }

    private int Total => _phases * _settings.Steps;

    /// <summary>Goes through the steps of a phase that are not done yet.</summary>
    /// <param name="phase">From 0.</param>
    /// <param name="parameters">What this phase learns.</param>
    /// <param name="loss">From a step of the phase to its loss; leaves the gradients in the parameters.</param>
    public void Go(int phase, IReadOnlyList<LearnedParameter> parameters, Func<int, double> loss)
    {
        for (int step = Math.Max(0, _state.Steps - (phase * _settings.Steps)); step < _settings.Steps; step++)
        {
            _environment.CancellationToken.ThrowIfCancellationRequested();
            double value = loss(step);
            bool isFinite = double.IsFinite(value) && parameters.All(parameter => parameter.HasFiniteGradient);
            foreach (LearnedParameter parameter in parameters)
            {
                if (isFinite)
                {
                    parameter.Update(RateOf(parameter.Kind, step));
                }
                else
                {
                    parameter.ClearGradient();
                }
            }

            _state.Losses.Add(isFinite ? value : double.NaN);
            _stepsHere++;
            Watch(isFinite);
            Report(value);
            if (_environment.StatePath is { } path && _state.Steps % _environment.SaveInterval == 0 && _state.Steps < Total)
            {
                _state.Save(path);
            }
        }
    }

    /// <summary>What the run did; its saved state is removed.</summary>
    public LearningRecord Finish()
    {
        if (_environment.StatePath is { } path)
        {
            File.Delete(path);
        }

        return new(_settings, _state.Steps, _state.Losses.Count(double.IsNaN), Curve());
    }

    private double RateOf(LearnedKind kind, int step)
    {
        double first = kind switch
        {
            LearnedKind.Transformation => _settings.TransformationRate,
            LearnedKind.Clip => _settings.ClipRate,
            LearnedKind.Scale => _settings.ScaleRate,
            _ => _settings.RangeRate,
        };
        double share = _settings.Steps == 1 ? 0 : (double)step / (_settings.Steps - 1);
        double left = _settings.FinalRateFraction + ((1 - _settings.FinalRateFraction) * 0.5 * (1 + Math.Cos(Math.PI * share)));
        return first * left;
    }

    private void Watch(bool isFinite)
    {
        _skippedInARow = isFinite ? 0 : _skippedInARow + 1;
        if (isFinite)
        {
            return;
        }

        if (_skippedInARow == MostSkippedInARow)
        {
            throw new MobileQuantException(
                "MQ3031",
                $"Learning stopped at step {_state.Steps} of {Total}: loss or gradients were not finite in {MostSkippedInARow} steps in a row.",
                "Lower the learning rates, or start from a smaller smoothing strength.");
        }

        _environment.Progress?.Report(new QuantizationEvent.Warning("MQ3032", $"Step {_state.Steps} of learning is skipped: its loss or gradients are not finite."));
    }

    private void Report(double loss)
    {
        double seconds = _clock.Elapsed.TotalSeconds / _stepsHere;
        TimeSpan left = TimeSpan.FromSeconds(Math.Round(seconds * (Total - _state.Steps)));
        _environment.Progress?.Report(new QuantizationEvent.Progress(
            "learn",
            string.Create(CultureInfo.InvariantCulture, $"learning, loss {loss:G4}, {seconds:0.00} s a step, {left:c} left"),
            _state.Steps,
            Total));
    }

    private LearningPoint[] Curve()
    {
        int width = Math.Max(1, (_state.Steps + MostPoints - 1) / MostPoints);
        return [.. _state.Losses.Chunk(width)
            .Select((losses, index) => (Step: (index * width) + losses.Length, Finite: losses.Where(double.IsFinite).ToArray()))
            .Where(point => point.Finite.Length > 0)
            .Select(point => new LearningPoint(point.Step, point.Finite.Average()))];
    }

    private void Tell(string text) => _environment.Progress?.Report(new QuantizationEvent.Message(text));
}
