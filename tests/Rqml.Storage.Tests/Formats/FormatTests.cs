using System.IO.Compression;
using Rqml.Storage.RocksDb;

namespace Rqml.Storage.Tests.Formats;

/// <summary>Stores that earlier versions wrote still open. Each format has its committed store beside this file.</summary>
public sealed class FormatTests
{
    [Theory]
    [InlineData(1)]
    public async Task A_store_of_this_format_opens_and_goes_on(int format)
    {
        using var folder = new TemporaryFolder();
        ZipFile.ExtractToDirectory(Path.Combine(AppContext.BaseDirectory, "Formats", $"format{format}.zip"), folder.Path);

        // Once as it was written, once as this version leaves it.
        for (var round = 0; round < 2; round++)
        {
            await using var store = new RocksDbStore(new RocksDbOptions { Path = folder.Path, Verification = StoreVerification.Always });
            await store.OpenAsync(CancellationToken.None);
            Assert.Equal(FormatSample.Commits + round, store.LastCommit);
            var expected = Enumerable.Range(1, FormatSample.Commits).SelectMany(FormatSample.EntriesOf).ToList();
            foreach (var (family, key, value) in expected)
            {
                Assert.True(store.TryGet(family, key, out var found));
                Assert.True(value.AsSpan().SequenceEqual(found));
            }

            Assert.Equal(expected.Count, Enum.GetValues<StoreFamily>().Sum(family => store.Scan(family, default).Count()));
            await store.CommitAsync(new WriteBatch(), CancellationToken.None);
        }
    }
}
