using Rqml.Cluster;
using Rqml.FaultProxy;
using Rqml.Soak.Fabric;
using Rqml.Storage.Etcd;

namespace Rqml.Soak.Cluster;

/// <summary>A real etcd of one member with its data in a folder: it may be killed, and goes on with what it has on disk.</summary>
internal sealed class EtcdServer(string folder) : IAsyncDisposable
{
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(30);
    private readonly int _port = FreePort.Next();
    private readonly int _peers = FreePort.Next();
    private Child? _process;

    public string Endpoint => FormattableString.Invariant($"http://127.0.0.1:{_port}");

    /// <summary>Starts it, for the first time or once more, and returns when it answers.</summary>
    public async Task StartAsync()
    {
        var peer = FormattableString.Invariant($"http://127.0.0.1:{_peers}");
        _process = Child.StartProgram("etcd",
        [
            "--name", "only", "--data-dir", Path.Combine(folder, "etcd"), "--listen-client-urls", Endpoint, "--advertise-client-urls", Endpoint,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"only={peer}", "--logger", "zap", "--log-level", "error",
        ]);
        await using var store = Open();
        using var limit = new CancellationTokenSource(AnswersWithin);
        while (true)
        {
            try
            {
                await store.ReadAsync("nothing", limit.Token);
                return;
            }
            catch (CoordinationUnavailableException)
            {
                await Task.Delay(50, limit.Token);
            }
        }
    }

    /// <summary>As kill -9 does; false where it was not there any more.</summary>
    public Task<bool> KillAsync() => _process!.KillAsync();

    /// <summary>A client of it, for whoever looks from outside.</summary>
    public EtcdCoordinationStore Open() => new(new EtcdOptions { Endpoints = Endpoint });

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
    }
}
