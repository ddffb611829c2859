namespace MobileQuant.Decoding;

/// <summary>Chooses a token from integer logits. Greedy needs no floating point; temperature, top-k and top-p do.</summary>
internal sealed class Sampler
{
    // ProgramShape allows 2^22 token ids; distances stay below 2^32.
    private const int IdBits = 22;

    private readonly GenerationOptions _options;
    private readonly double _scale;
    private readonly long[] _order;
    private readonly double[] _weights;
    private ulong _state;

    /// <summary>Creates a sampler.</summary>
    /// <param name="options">Validated options.</param>
    /// <param name="vocabulary">Number of logits.</param>
    /// <param name="fractionBits">Fraction bits of a logit.</param>
    public Sampler(GenerationOptions options, int vocabulary, int fractionBits)
    {
        _options = options;
        _scale = options.Temperature > 0 ? Math.ScaleB(1, -fractionBits) / options.Temperature : 0;
        _order = options.Temperature > 0 ? new long[vocabulary] : [];
        _weights = options.Temperature > 0 ? new double[vocabulary] : [];
        _state = unchecked((ulong)options.Seed);
    }

    /// <summary>The index of the largest logit; the lowest index wins a tie.</summary>
    public static int Greedy(ReadOnlySpan<int> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best])
            {
                best = i;
            }
        }

        return best;
    }

    /// <summary>Chooses the next token.</summary>
    public int Next(ReadOnlySpan<int> logits)
    {
        if (_options.Temperature <= 0)
        {
            return Greedy(logits);
        }

        // One integer key per token, distance to the best above the id: sorting it is the same on every platform, ties included.
        long largest = logits[Greedy(logits)];
        int count = logits.Length;
        for (int i = 0; i < count; i++)
        {
            _order[i] = ((largest - logits[i]) << IdBits) | (uint)i;
        }

        if (_options.TopK > 0 || _options.TopP < 1)
        {
            _order.AsSpan(0, count).Sort();
            count = _options.TopK > 0 ? Math.Min(_options.TopK, count) : count;
        }

        double total = 0;
        for (int i = 0; i < count; i++)
        {
            _weights[i] = Math.Exp(-(_order[i] >> IdBits) * _scale);
            total += _weights[i];
        }

        if (_options.TopP < 1)
        {
            (count, total) = KeepMostLikely(count, _options.TopP * total);
        }

        double target = NextUnit() * total;
        for (int i = 0; i < count; i++)
        {
            target -= _weights[i];
            if (target < 0)
            {
                return (int)(_order[i] & ((1L << IdBits) - 1));
            }
        }

        return (int)(_order[count - 1] & ((1L << IdBits) - 1));
    }

    private (int Count, double Total) KeepMostLikely(int count, double enough)
    {
        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += _weights[i];
            if (sum >= enough)
            {
                return (i + 1, sum);
            }
        }

        return (count, sum);
    }

    // SplitMix64: a seed gives the same draws on every platform and .NET version, which System.Random does not promise.
    private double NextUnit()
    {
        unchecked
        {
            _state += 0x9E3779B97F4A7C15;
            ulong z = _state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
        }
    }
}
