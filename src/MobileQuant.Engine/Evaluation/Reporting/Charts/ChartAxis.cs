namespace MobileQuant.Evaluation.Reporting.Charts;

/// <summary>Maps values to pixels, and finds round numbers to mark.</summary>
internal sealed class ChartAxis
{
    private const double SmallestStep = 1e-9;

    private static readonly double[] s_roundNumbers = [1, 2, 5, 10, 20, 50, 100];

    private readonly double _low;
    private readonly double _high;
    private readonly double _start;
    private readonly double _end;
    private readonly bool _isLogarithmic;

    private ChartAxis(double low, double high, double start, double end, bool isLogarithmic, IReadOnlyList<double> ticks)
    {
        _low = low;
        _high = high;
        _start = start;
        _end = end;
        _isLogarithmic = isLogarithmic;
        Ticks = ticks;
    }

    /// <summary>Values to mark, in order.</summary>
    public IReadOnlyList<double> Ticks { get; }

    /// <summary>A linear axis over values, its ends at round numbers.</summary>
    /// <param name="values">Finite; none: 0 to 1.</param>
    /// <param name="start">Pixel of the low end.</param>
    /// <param name="end">Pixel of the high end.</param>
    /// <param name="most">About how many ticks.</param>
    /// <param name="isWhole">Whether only whole numbers mean something, and the ends are those of the values.</param>
    public static ChartAxis Linear(IReadOnlyCollection<double> values, double start, double end, int most, bool isWhole = false)
    {
        (double low, double high) = Ends(values, 0, 1);
        double step = RoundStep((high - low) / most);
        if (isWhole)
        {
            step = Math.Max(1, step);
            List<double> whole = [];
            for (double at = Math.Ceiling(low / step) * step; at <= high; at += step)
            {
                whole.Add(at);
            }

            return new(low - 0.5, high + 0.5, start, end, false, whole);
        }

        double first = Math.Floor(low / step) * step;
        int count = (int)Math.Ceiling((high - first) / step - SmallestStep);
        return new(first, first + (count * step), start, end, false, [.. Enumerable.Range(0, count + 1).Select(i => Math.Round(first + (i * step), 9))]);
    }

    /// <summary>A logarithmic axis over values.</summary>
    /// <param name="values">Finite and positive; none: 1 to 10.</param>
    /// <param name="start">Pixel of the low end.</param>
    /// <param name="end">Pixel of the high end.</param>
    public static ChartAxis Logarithmic(IReadOnlyCollection<double> values, double start, double end)
    {
        (double low, double high) = Ends([.. values.Select(Math.Log10)], 0, 1);
        if (high - low < 1)
        {
            // Less than a decade: marks at 1, 2, 5 would be one or none.
            return NarrowLogarithmic(low, high, start, end);
        }

        double first = Math.Floor(low + SmallestStep);
        double last = Math.Ceiling(high - SmallestStep);
        int stride = Math.Max(1, (int)Math.Ceiling((last - first) / 6));
        return new(first, last, start, end, true, [.. Enumerable.Range(0, (int)(last - first) + 1).Where(i => i % stride == 0).Select(i => Math.Pow(10, first + i))]);
    }

    /// <summary>Where a value lies; values beyond the ends lie on them.</summary>
    public double Map(double value)
    {
        double at = !_isLogarithmic ? value : value > 0 ? Math.Log10(value) : _low;
        return _start + ((Math.Clamp(at, _low, _high) - _low) / (_high - _low) * (_end - _start));
    }

    /// <summary>Marks at 1, 2 and 5 where that gives three or more, else at equal steps.</summary>
    private static ChartAxis NarrowLogarithmic(double low, double high, double start, double end)
    {
        (double least, double most) = (Math.Pow(10, low), Math.Pow(10, high));
        double power = Math.Pow(10, Math.Floor(low + SmallestStep));
        double[] marks = [.. s_roundNumbers.Select(mark => mark * power)];
        int first = Math.Max(0, Array.FindLastIndex(marks, mark => mark <= least * (1 + SmallestStep)));
        int last = Array.FindIndex(marks, mark => mark >= most * (1 - SmallestStep));
        double[] ticks = marks[first..(last + 1)];
        if (ticks.Length < 3)
        {
            double step = RoundStep((most - least) / 4);
            double from = Math.Floor(least / step) * step;
            int count = (int)Math.Ceiling(((most - from) / step) - SmallestStep);
            ticks = [.. Enumerable.Range(0, count + 1).Select(i => from + (i * step))];
        }

        return new(Math.Log10(ticks[0]), Math.Log10(ticks[^1]), start, end, true, ticks);
    }

    private static (double Low, double High) Ends(IReadOnlyCollection<double> values, double low, double high)
    {
        if (values.Count == 0)
        {
            return (low, high);
        }

        (double least, double most) = (values.Min(), values.Max());
        double room = Math.Max(Math.Abs(most) * 1e-6, SmallestStep);
        return most - least > room ? (least, most) : (least - (room * 1000), most + (room * 1000));
    }

    /// <summary>1, 2 or 5 times a power of ten, not less than asked for.</summary>
    private static double RoundStep(double least)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        double share = least / power;
        return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
    }
}
