using MobileQuant.JobHost;
using MobileQuant.Tests.Caching;

namespace MobileQuant.Tests.Reproducibility;

/// <summary>The same jobs done by two users, again, in another order, and on other numbers of threads: once for all tests of a class.</summary>
public sealed class Builds : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public Builds()
    {
        Builder ann = new(_folder, "ann", new Dictionary<string, string> { ["TZ"] = "UTC", ["LANG"] = "C", ["USER"] = "ann" });
        Builder bob = new(_folder, "bob at work", new Dictionary<string, string>
        {
            ["TZ"] = "Asia/Kathmandu",
            ["LANG"] = "de_DE.UTF-8",
            ["LC_ALL"] = "de_DE.UTF-8",
            ["USER"] = "bob",
            ["OMP_NUM_THREADS"] = "1",
            ["DOTNET_TieredPGO"] = "0",
        });

        // At the same time: a machine that is busy must not change anything either.
        Task<string> first = Task.Run(() => ann.Run("first", 2, RealJobs.Names));
        Task<string> again = Task.Run(() => ann.Run("again", 2, RealJobs.Names));
        Task<string> other = Task.Run(() => bob.Run("a much longer name of a folder", 2, RealJobs.Names.Reverse()));
        Task<string> single = Task.Run(() => ann.Run("one thread", 1, RealJobs.Names));
        Task.WaitAll(first, again, other, single);
        First = first.Result;
        Others = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["again"] = again.Result,
            ["another user"] = other.Result,
            ["one thread"] = single.Result,
        };
    }

    /// <summary>The folder of the run that others are compared with.</summary>
    internal string First { get; }

    /// <summary>Folders of other runs, by what is different.</summary>
    internal IReadOnlyDictionary<string, string> Others { get; }

    public void Dispose() => _folder.Dispose();
}
