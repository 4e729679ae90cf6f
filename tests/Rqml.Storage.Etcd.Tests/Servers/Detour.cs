using Rqml.FaultProxy;
using Rqml.RealEtcd;
using ProxyFaults = Rqml.FaultProxy.Faults;

namespace Rqml.Storage.Etcd.Tests.Servers;

/// <summary>A proxy before each member, so that one client's connections can be broken and no other's.</summary>
internal sealed class Detour : IAsyncDisposable
{
    private readonly List<Proxy> _proxies = [];
    private readonly List<string> _addresses = [];

    public string Endpoints => string.Join(',', _addresses);

    public IReadOnlyList<string> Addresses => _addresses;

    public long CarriedBytes => _proxies.Sum(proxy => proxy.CarriedBytes);

    /// <summary>Connections that came, those that have ended included.</summary>
    public int Connections => _proxies.Sum(proxy => proxy.Accepted);

    public static Detour To(EtcdServers servers)
    {
        var detour = new Detour();
        foreach (var port in servers.Ports)
        {
            var front = FreePort.Next();
            detour._proxies.Add(Proxy.Start(Route.Tcp(front, port)));
            detour._addresses.Add($"http://127.0.0.1:{front}");
        }

        return detour;
    }

    /// <summary>What is asked arrives, and no answer comes back.</summary>
    public void SwallowAnswers() => Set(new ProxyFaults(Swallowed: Ways.Back));

    public void SwallowAll() => Set(new ProxyFaults(Swallowed: Ways.Both));

    public void Stall() => Set(new ProxyFaults(Stalled: Ways.Both));

    public void GoOn() => Set(ProxyFaults.None);

    /// <summary>Connections that have lost bytes are of no use any more: they end with it.</summary>
    public void Mend()
    {
        GoOn();
        foreach (var proxy in _proxies) proxy.Cut();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in _proxies) await proxy.DisposeAsync();
    }

    private void Set(ProxyFaults faults)
    {
        foreach (var proxy in _proxies) proxy.Faults = faults;
    }
}
