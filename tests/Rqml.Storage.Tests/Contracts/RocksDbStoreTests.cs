using Rqml.Storage.RocksDb;
using Rqml.Testing.Contracts;

namespace Rqml.Storage.Tests.Contracts;

public sealed class RocksDbStoreTests : DurableKeyValueStoreContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    protected override IKeyValueStore Create() => new RocksDbStore(new RocksDbOptions { Path = _folder.Path, SegmentBytes = 1 << 20 });

    public void Dispose() => _folder.Dispose();
}
