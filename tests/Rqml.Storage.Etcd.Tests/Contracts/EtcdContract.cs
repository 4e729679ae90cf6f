using Rqml.Cluster;
using Rqml.RealEtcd;
using Rqml.Storage.Etcd.Tests.Servers;
using Rqml.Testing.Contracts;

namespace Rqml.Storage.Etcd.Tests.Contracts;

/// <summary>The contract over real servers, whose clock is that of the world.</summary>
public abstract class EtcdContract : CoordinationStoreContract
{
    private readonly string _id = $"{Guid.NewGuid():n}";

    protected override string Prefix => $"/contract/{_id}/";

    protected override TimeSpan MostOverdue => TimeSpan.FromSeconds(5);

    protected override Task PassAsync(TimeSpan time) => Task.Delay(time);
}

public sealed class SingleMemberTests(SingleMemberTests.Servers servers) : EtcdContract, IClassFixture<SingleMemberTests.Servers>
{
    protected override ICoordinationStore Create() => servers.Running.Open();

    public sealed class Servers() : RunningServers(() => EtcdServers.StartAsync());
}

public sealed class ThreeMembersTests(ThreeMembersTests.Servers servers) : EtcdContract, IClassFixture<ThreeMembersTests.Servers>
{
    protected override ICoordinationStore Create() => servers.Running.Open();

    public sealed class Servers() : RunningServers(() => EtcdServers.StartAsync(members: 3));
}

/// <summary>TLS on both sides, and a user who may do nothing beyond the prefix of the contract.</summary>
public sealed class SecuredMemberTests(SecuredMemberTests.Servers servers) : EtcdContract, IClassFixture<SecuredMemberTests.Servers>
{
    protected override ICoordinationStore Create() => servers.Running.Open(options => (options.UserName, options.Password) = ("node", "the node's"));

    public sealed class Servers() : RunningServers(async () =>
    {
        var servers = await EtcdServers.StartAsync(certificates: new Certificates());
        using var operators = new Operator(servers);
        await operators.KnowUserAsync("node", "the node's", "/contract/");
        return servers;
    });
}

/// <summary>Servers for all tests of a class.</summary>
public abstract class RunningServers : IAsyncLifetime
{
    private readonly Func<Task<EtcdServers>> _start;
    private EtcdServers? _servers;

    private protected RunningServers(Func<Task<EtcdServers>> start) => _start = start;

    internal EtcdServers Running => _servers!;

    public virtual async Task InitializeAsync() => _servers = await _start();

    public async Task DisposeAsync()
    {
        if (_servers is null) return;
        await _servers.DisposeAsync();
        _servers.Certificates?.Dispose();
    }
}
