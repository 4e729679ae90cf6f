using System.Diagnostics;
using Rqml.Cluster;
using Rqml.FaultProxy;
using Rqml.RealEtcd;
using Rqml.Storage.Etcd;

namespace Rqml.Soak.Cluster;

/// <summary>A real etcd, nodes and a submitter, each a process of its own, with stores and logs in one folder.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    public const int Nodes = 3;
    private const int KeepSeconds = 600;
    private const int HeardAgainPerLife = 200;
    private static readonly TimeSpan EndsWithin = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LeadsWithin = TimeSpan.FromSeconds(60);

    private readonly ulong _seed;
    private readonly int _tasks;
    private readonly string _folder = Directory.CreateTempSubdirectory("rqml-cluster-").FullName;
    private readonly CoordinationKeys _keys = new("rqml");
    private readonly string _address = FormattableString.Invariant($"tcp://127.0.0.1:{FreePort.Next()}/");
    private readonly List<ClusterProcess> _nodes = [];
    private readonly List<string> _complaints = [];
    private readonly CallBook _book = new();
    private ApplicationProcess? _submitter;
    private EtcdServers? _etcd;
    private EtcdCoordinationStore? _store;
    private int _life;
    private string _left = "nothing said of what was left";

    /// <param name="seed">Of what the submitter submits.</param>
    /// <param name="tasks">Open at a time.</param>
    /// <param name="grace">How long after its settlement a task may be worked on.</param>
    public Fleet(ulong seed, int tasks, TimeSpan grace) => (_seed, _tasks, Judge) = (seed, tasks, new Judge(grace));

    public IReadOnlyList<ClusterProcess> All => _nodes;

    public Judge Judge { get; }

    public bool Holds => Judge is { Lost: 0, SettledTwice: 0, Wrong: 0 } && _complaints.Count == 0 && _left.EndsWith("open 0", StringComparison.Ordinal);

    public IEnumerable<string> Faults => Judge.Faults.Concat(_complaints);

    public string Verdict => FormattableString.Invariant($"{Judge.Submitted:N0} tasks, {Judge.Calls:N0} model calls: {Judge.Heard:N0} settled, {Judge.Lost} lost, {Judge.SettledTwice} settled twice, {Judge.Wrong} wrong, {_left}");

    public async Task StartAsync(int callMs)
    {
        _etcd = await EtcdServers.StartBelowAsync(_folder);
        _store = _etcd.Open();
        for (var number = 1; number <= Nodes; number++) _nodes.Add(new ClusterProcess(_folder, _seed, number, _etcd, callMs, _tasks));
        await StartSubmitterAsync();
        await UntilAsync(() => _nodes.TrueForAll(node => node.IsAtWork), TimeSpan.FromSeconds(60), "all nodes to be at work");
    }

    /// <summary>The node that leads, by what the store says.</summary>
    public async Task<ClusterProcess> LeaderAsync()
    {
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < LeadsWithin;)
        {
            var read = await _store!.ReadAsync(_keys.Leader, CancellationToken.None);
            if (read.Find(_keys.Leader) is { } entry && CoordinationKeys.TryRead(entry) is { Peer: var leader } && _nodes.Find(node => node.Name == leader.Node.Value) is { } process) return process;
            await Task.Delay(100);
        }

        throw new InvalidOperationException("Nobody leads.");
    }

    /// <summary>As kill -9 does.</summary>
    public async Task KillAsync(ClusterProcess node)
    {
        if (!await node.KillAsync()) _complaints.Add($"{node.Name} ended by itself");
    }

    public async Task KillEtcdAsync()
    {
        if (!await _etcd!.Members[0].KillAsync()) _complaints.Add("etcd ended by itself");
    }

    /// <summary>Starts it on what it has on disk, and returns when it answers.</summary>
    public async Task RestartEtcdAsync()
    {
        _etcd!.Members[0].Start();
        await _etcd.AnswersAsync();
    }

    /// <summary>Starts a life of the submitter, which takes over what the one before left, and waits until it is open.</summary>
    public async Task StartSubmitterAsync()
    {
        _life++;
        using (var inheritance = File.Create(Journal.InheritanceOf(_folder, _life)))
        {
            foreach (var entry in Judge.Inheritance(HeardAgainPerLife)) inheritance.Write(entry.ToBytes());
        }

        _submitter = ApplicationProcess.Start(new ApplicationSettings(_folder, _seed, _life, Judge.Submitted + 1, KeepSeconds, IsToBeKilled: false, _address, Etcd: _etcd!.Endpoints, Callers: _tasks), Hear);
        await _submitter.Open;
        Judge.BeginLife(Stopwatch.GetTimestamp());
    }

    public async Task KillSubmitterAsync()
    {
        if (!await _submitter!.KillAsync()) _complaints.Add($"the submitter ended by itself, in life {_life}");
        await _submitter.DisposeAsync();
        TakeLife();
    }

    /// <summary>Lets the submitter hear of all that is open, and then reads what everybody wrote down.</summary>
    public async Task<CallBook> EndAsync()
    {
        await _submitter!.TellAsync("stop 0");
        try
        {
            var code = await _submitter.EndAsync().WaitAsync(EndsWithin);
            if (code != 0) _complaints.Add($"the submitter ended with {code}");
        }
        catch (TimeoutException)
        {
            _complaints.Add($"the submitter did not end within {EndsWithin.TotalSeconds:0} s");
            await _submitter.KillAsync();
        }

        foreach (var node in _nodes) await KillAsync(node);
        TakeLife();
        var calls = _nodes.SelectMany(node => node.Calls.SelectMany(Entry.In).Select(call => (node.Name, Call: call))).OrderBy(made => made.Call.At).ToList();
        foreach (var wrong in _nodes.SelectMany(node => node.Wrongs).SelectMany(Entry.In)) Judge.Take(wrong);
        foreach (var (_, call) in calls) Judge.Take(call);
        Judge.Close();
        _book.Take(calls);
        return _book;
    }

    /// <summary>How often the nodes said something to their operators.</summary>
    public int SaidByNodes(int id) => _nodes.Sum(node => LineLog.Count(node.Log, id));

    public int SaidBySubmitter(int id) => LineLog.Count(LineLog.PathOf(_folder, Application.Node), id);

    public static async Task UntilAsync(Func<bool> condition, TimeSpan limit, string what)
    {
        for (var began = Stopwatch.GetTimestamp(); !condition(); await Task.Delay(50))
        {
            if (Stopwatch.GetElapsedTime(began) > limit) throw new TimeoutException($"{limit.TotalSeconds:0} s were not enough for {what}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_submitter is not null) await _submitter.DisposeAsync();
        foreach (var node in _nodes) await node.DisposeAsync();
        if (_store is not null) await _store.DisposeAsync();
        if (_etcd is not null) await _etcd.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private void TakeLife()
    {
        foreach (var entry in Entry.In(Journal.TasksOf(_folder, _life)))
        {
            Judge.Take(entry);
            _book.Heard(entry);
        }
    }

    private void Hear(string line)
    {
        if (line.StartsWith("left ", StringComparison.Ordinal)) _left = line;
    }
}
