using Rqml.Storage;

namespace Rqml.Core.Tests.Storage;

public sealed class NodeStoreLayoutTests
{
    [Fact]
    public async Task A_store_in_another_layout_is_refused_rather_than_read_as_empty()
    {
        var store = await StoreWith(batch => NodeStore.PutLedgerId(batch, new LedgerId(7)));      // as before layouts had numbers
        Assert.Equal(1, Assert.Throws<StoreFormatException>(() => NodeStore.IsNew(store)).Found);

        var later = await StoreWith(batch => batch.Put(StoreFamily.Meta, "layout"u8, [3, 0, 0, 0]));
        Assert.Equal(3, Assert.Throws<StoreFormatException>(() => NodeStore.IsNew(later)).Found);

        var damaged = await StoreWith(batch => batch.Put(StoreFamily.Meta, "layout"u8, [3]));
        Assert.Throws<StoreCorruptException>(() => NodeStore.IsNew(damaged));
    }

    [Fact]
    public async Task A_store_of_this_layout_is_known_again()
    {
        Assert.True(NodeStore.IsNew(await StoreWith(_ => { })));
        Assert.False(NodeStore.IsNew(await StoreWith(NodeStore.PutLayout)));
    }

    private static async Task<IKeyValueStore> StoreWith(Action<WriteBatch> write)
    {
        var store = new InMemoryKeyValueStore();
        await store.OpenAsync(CancellationToken.None);
        var batch = new WriteBatch();
        write(batch);
        await store.CommitAsync(batch, CancellationToken.None);
        return store;
    }
}
