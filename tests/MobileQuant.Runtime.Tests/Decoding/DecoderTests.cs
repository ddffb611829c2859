using MobileQuant.Benchmarking;
using MobileQuant.Kernels;
using MobileQuant.Programs;

namespace MobileQuant.Tests.Decoding;

public class DecoderTests
{
    private static readonly ProgramShape s_shape = new(3, 96, 6, 2, 16, 200, 333, 300);

    public static TheoryData<int, int> WeightBits { get; } = new() { { 8, 0 }, { 4, 0 }, { 4, 64 }, { 4, 32 } };

    [Theory]
    [MemberData(nameof(WeightBits))]
    public void Every_kernel_gives_the_same_logits(int bits, int blockSize)
    {
        using QuantizedModel model = RandomModel.Create(s_shape, bits, blockSize);
        int[] tokens = Tokens(150);
        int[] expected = Logits(model, tokens, new() { Kernel = "scalar", Threads = 1 });
        Assert.True(expected.Distinct().Count() > 100);
        foreach (LinearKernel kernel in KernelSelection.All)
        {
            Assert.Equal(expected, Logits(model, tokens, new() { Kernel = kernel.Name, Threads = 1 }));
        }
    }

    [Fact]
    public void The_number_of_threads_changes_nothing()
    {
        using QuantizedModel model = RandomModel.Create(s_shape);
        int[] tokens = Tokens(70);
        int[] expected = Logits(model, tokens, new() { Threads = 1 });
        Assert.Equal(expected, Logits(model, tokens, new() { Threads = 2 }));
        Assert.Equal(expected, Logits(model, tokens, new() { Threads = 5 }));
    }

    [Theory]
    [MemberData(nameof(WeightBits))]
    public void Decoding_one_by_one_equals_prefill(int bits, int blockSize)
    {
        using QuantizedModel model = RandomModel.Create(s_shape, bits, blockSize);
        int[] tokens = Tokens(290);
        List<int[]> prefill = [];
        using GenerationSession batch = model.CreateSession(new() { Threads = 2 });
        batch.Prefill(tokens, (position, logits) =>
        {
            Assert.Equal(prefill.Count, position);
            prefill.Add(logits.ToArray());
        });

        using GenerationSession single = model.CreateSession(new() { Threads = 2 });
        for (int i = 0; i < tokens.Length; i++)
        {
            Assert.Equal(prefill[i], single.Decode(tokens[i]).ToArray());
        }
    }

    [Fact]
    public void A_reset_session_repeats_itself_and_sessions_do_not_disturb_each_other()
    {
        using QuantizedModel model = RandomModel.Create(s_shape);
        using GenerationSession a = model.CreateSession(new() { Threads = 1 });
        using GenerationSession b = model.CreateSession(new() { Threads = 2 });
        int[] first = a.Decode(5).ToArray();
        b.Prefill(Tokens(40));
        int[] second = a.Decode(6).ToArray();
        a.Reset();
        Assert.Equal(0, a.Position);
        Assert.Equal(first, a.Decode(5).ToArray());
        Assert.Equal(second, a.Decode(6).ToArray());
        Assert.Equal(40, b.Position);
    }

    [Fact]
    public void Decoding_allocates_nothing()
    {
        using QuantizedModel model = RandomModel.Create(s_shape);
        using GenerationSession session = model.CreateSession(new() { Threads = 2 });
        session.Prefill(Tokens(10));
        session.Decode(1);

        // Rounds, because a thread that has to wait for the first time on a busy machine lets the system make its wait object.
        long[] rounds = new long[5];
        for (int round = 0; round < rounds.Length; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 40; i++)
            {
                session.Decode((round * 40) + i);
            }

            rounds[round] = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, rounds.Min());
    }

    [Fact]
    public void More_tokens_than_the_context_holds_is_one_clear_error_and_changes_nothing()
    {
        using QuantizedModel model = RandomModel.Create(s_shape);
        using GenerationSession session = model.CreateSession();
        session.Prefill(Tokens(299));
        Assert.Equal("MQ6011", Assert.Throws<MobileQuantException>(() => session.Prefill(Tokens(2))).Code);
        Assert.Equal("MQ6012", Assert.Throws<MobileQuantException>(() => session.Prefill([333])).Code);
        Assert.Equal("MQ6012", Assert.Throws<MobileQuantException>(() => session.Prefill([-1])).Code);
        Assert.Equal("MQ6014", Assert.Throws<MobileQuantException>(() => session.Prefill([])).Code);
        Assert.Equal(299, session.Position);
        session.Decode(1);
        Assert.Equal(300, session.Position);
    }

    [Fact]
    public void Generation_ends_with_a_reason_when_the_context_is_full()
    {
        using QuantizedModel model = RandomModel.Create(s_shape);
        using GenerationSession session = model.CreateSession();
        int[] tokens = [.. session.GenerateTokens(Tokens(290), new() { MaxTokens = 1000, Temperature = 0 })];
        Assert.Equal(11, tokens.Length);
        Assert.Equal(StopReason.ContextFull, session.Statistics!.StopReason);

        session.Reset();
        Assert.Equal(7, session.GenerateTokens(Tokens(10), new() { MaxTokens = 7 }).Count());
        Assert.Equal(StopReason.MaxTokens, session.Statistics!.StopReason);
    }

    [Fact]
    public void A_disposed_session_and_a_disposed_model_refuse_work()
    {
        QuantizedModel model = RandomModel.Create(s_shape);
        GenerationSession session = model.CreateSession();
        session.Dispose();
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.Decode(1).Length);
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.CreateSession());
    }

    [Fact]
    public void Cancelling_stops_between_tokens()
    {
        using QuantizedModel model = RandomModel.Create(s_shape);
        using GenerationSession session = model.CreateSession();
        using CancellationTokenSource cancel = new();
        int seen = 0;
        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (int token in session.GenerateTokens([1, 2, 3], new() { MaxTokens = 50 }, cancel.Token))
            {
                if (++seen == 5)
                {
                    cancel.Cancel();
                }
            }
        });
        Assert.Equal(5, seen);
        Assert.Equal(5, session.Statistics!.GeneratedTokens);
    }

    private static int[] Tokens(int count)
    {
        Random random = new(count);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(s_shape.Vocabulary))];
    }

    private static int[] Logits(QuantizedModel model, int[] tokens, SessionOptions options)
    {
        using GenerationSession session = model.CreateSession(options);
        List<int> all = [];
        session.Prefill(tokens, (_, logits) => all.AddRange(logits));
        return [.. all];
    }
}
