using System.Globalization;
using Rqml.FaultProxy;
using Rqml.RealEtcd;
using Rqml.Soak.Fabric;

namespace Rqml.Soak.Cluster;

/// <summary>One node of the cluster from outside: a process that may be killed and started again, stopped, and cut off. It keeps its name, its address and its store; each start has a log of its own.</summary>
internal sealed class ClusterProcess : IAsyncDisposable
{
    private readonly string _folder;
    private readonly ulong _seed;
    private readonly int _number;
    private readonly int _callMs;
    private readonly int _lanes;
    private readonly string _address = FormattableString.Invariant($"tcp://127.0.0.1:{FreePort.Next()}/");
    private readonly string _etcd;
    private readonly Proxy _detour;
    private readonly List<string> _calls = [];
    private Child _process;

    /// <param name="folder">Stores and logs.</param>
    /// <param name="seed">Of the whole soak.</param>
    /// <param name="number">Its own.</param>
    /// <param name="etcd">The store of the cluster.</param>
    /// <param name="callMs">Milliseconds that each call takes longer.</param>
    /// <param name="lanes">Enough that each node takes what all have: whoever waits is to be waiting for a hand-over, not for a lane.</param>
    public ClusterProcess(string folder, ulong seed, int number, EtcdServers etcd, int callMs, int lanes)
    {
        (_folder, _seed, _number, _callMs, _lanes) = (folder, seed, number, callMs, lanes);
        var front = FreePort.Next();
        _etcd = FormattableString.Invariant($"http://127.0.0.1:{front}");
        _detour = Proxy.Start(Route.Tcp(front, etcd.Ports[0]));
        _process = Start();
    }

    public string Name => FormattableString.Invariant($"node-{_number}");

    public string Log => LineLog.PathOf(_folder, Name);

    /// <summary>Where each start has written down the calls of its models, oldest first.</summary>
    public IReadOnlyList<string> Calls => _calls;

    /// <summary>Where each start would have written down what was wrong.</summary>
    public IEnumerable<string> Wrongs => Enumerable.Range(1, _calls.Count).Select(start => Journal.TasksOf(_folder, LogOf(start)));

    public bool IsAtWork => new FileInfo(_calls[^1]) is { Exists: true, Length: > 0 };

    public Task<bool> KillAsync() => _process.KillAsync();

    public async Task RestartAsync()
    {
        await _process.DisposeAsync();
        _process = Start();
    }

    public void Stop() => _process.Stop();

    public void Continue() => _process.Continue();

    /// <summary>Neither the other processes nor the store are reached any more, and nobody reaches it.</summary>
    public async Task CutAsync()
    {
        _detour.Faults = new Faults(Swallowed: Ways.Both);
        await _process.TellAsync(ClusterNode.Cut);
    }

    public async Task HealAsync()
    {
        _detour.Faults = Faults.None;
        _detour.Cut();      // connections that have lost bytes are of no use any more
        await _process.TellAsync(ClusterNode.Heal);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await _detour.DisposeAsync();
    }

    private int LogOf(int start) => (_number * 1_000) + start;

    private Child Start()
    {
        var log = LogOf(_calls.Count + 1);
        _calls.Add(Journal.CallsOf(_folder, log));
        return Child.Start(ClusterNode.Word, _folder, Text(_seed), Text(log), Name, _etcd, _address, Text(_callMs), Text(_lanes));
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
