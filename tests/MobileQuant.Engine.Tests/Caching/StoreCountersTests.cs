using MobileQuant.Caching;

namespace MobileQuant.Tests.Caching;

public sealed class StoreCountersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Counts_of_many_that_count_at_once_add_up()
    {
        ArtifactSource?[] kinds = [ArtifactSource.Store, ArtifactSource.Remote, null, null];
        await Task.WhenAll(kinds.Select(kind => Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < 25; i++)
                {
                    // Each as a process of its own opens it.
                    ContentStore.Open(_folder["store"]).Counters.Count(kind);
                }
            },
            TaskCreationOptions.LongRunning)));

        Assert.Equal(new StoreCounts(25, 25, 50), ContentStore.Open(_folder["store"]).ReadCounts());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[1]")]
    public void A_file_that_cannot_be_read_counts_nothing_and_is_replaced(string text)
    {
        ContentStore store = ContentStore.Open(_folder["store"]);
        _folder.Write("store/counts.json", text);
        Assert.Equal(StoreCounts.None, store.ReadCounts());
        store.Counters.Count(ArtifactSource.Store);
        Assert.Equal(new StoreCounts(1, 0, 0), store.ReadCounts());
    }
}
