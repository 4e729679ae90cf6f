using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Storage;
using Rqml.Storage.RocksDb;

namespace Rqml.Docs.Tests.Snippets;

public sealed class Durability : IDisposable
{
    private readonly Workplace _workplace = new();

    public void Dispose() => _workplace.Dispose();

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_store_that_lost_what_it_had_acknowledged_opens_only_when_told_to()
    {
        var folder = _workplace.Folder;
        var batch = new WriteBatch();
        batch.Put(StoreFamily.Checkpoint, "key"u8, "value"u8);
        await using (var store = new RocksDbStore(new RocksDbOptions { Path = folder }))
        {
            await store.OpenAsync(CancellationToken.None);
            await store.CommitAsync(batch, CancellationToken.None);
        }

        // RocksDB's own files go back to a copy made before; the mark beside them does not.
        var copy = Directory.CreateTempSubdirectory("rqml-docs-").FullName;
        foreach (var file in Directory.GetFiles(Path.Combine(folder, "db"))) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        await using (var store = new RocksDbStore(new RocksDbOptions { Path = folder }))
        {
            await store.OpenAsync(CancellationToken.None);
            await store.CommitAsync(batch, CancellationToken.None);
        }

        Directory.Delete(Path.Combine(folder, "db"), recursive: true);
        Directory.Move(copy, Path.Combine(folder, "db"));
        var error = await Assert.ThrowsAsync<StoreRegressedException>(() => StartAsync(rqml => rqml.UseRocksDb(folder)));
        Assert.Equal((2, 1), (error.Acknowledged, error.Found));

        await StartAsync(rqml =>
        {
            #region snippet
            rqml.UseRocksDb(folder, store => store.AcceptRegression = true);      // once, when you have decided that what is lost is lost
            #endregion
        });
    }

    private static async Task StartAsync(Action<IRqmlBuilder> use)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRqml(rqml =>
        {
            rqml.AddTaskClass(SquareRoots.SquareRoot, roots => roots.AddModel<NewtonStep>());
            use(rqml);
        });
        using var host = builder.Build();
        await host.StartAsync();
        await host.StopAsync();
    }
}
