using Rqml.Testing.Contracts;

namespace Rqml.Storage.Tests.Contracts;

public sealed class InMemoryKeyValueStoreTests : KeyValueStoreContract
{
    protected override IKeyValueStore Create() => new InMemoryKeyValueStore();
}
