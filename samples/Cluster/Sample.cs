using System.Diagnostics;
using Spectre.Console;

namespace Cluster;

/// <summary>The run: a cluster under load, a worker and the leader killed, and what came of it.</summary>
internal sealed class Sample(Arguments arguments, IAnsiConsole console, string folder) : IAsyncDisposable
{
    /// <summary>Of the cluster: by it, its keys in etcd and its nodes keep apart from all others.</summary>
    public const string Name = "rqml-sample";

    private const int OpenTasks = 32;
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http = new();
    private readonly List<Phase> _phases = [];
    private readonly List<(NodeProcess Node, long At)> _kills = [];
    private readonly List<NodeProcess> _nodes = [];
    private EtcdServer? _etcd;
    private Submitter? _submitter;

    /// <summary>Whether each board was settled once, with a verified result, and both kills hit a node at work.</summary>
    /// <exception cref="FileNotFoundException">There is no etcd on this machine.</exception>
    /// <exception cref="TimeoutException">The nodes were not ready in time.</exception>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        // 1. etcd, four nodes, and the application that submits.
        var etcd = arguments.Etcd ?? (_etcd = EtcdServer.Start(folder)).Address;
        foreach (var letter in "abcd") _nodes.Add(new NodeProcess($"node-{letter}", etcd, folder));
        await ReadyAsync(_nodes, etcd, cancellationToken);
        Console.WriteLine($"etcd at {etcd}; /health, /metrics and /queue_stats at");
        foreach (var node in _nodes) Console.WriteLine($"  {node.Url}  {node.Name}{(await node.LeadsAsync(_http, cancellationToken) ? ", the leader" : "")}");
        _submitter = await Submitter.StartAsync(etcd, folder, cancellationToken);

        // 2. A load, and two kills.
        using var stop = new CancellationTokenSource();
        var load = _submitter.RunAsync(OpenTasks, stop.Token, cancellationToken);
        while (_submitter.Settled.Count < OpenTasks) await await Task.WhenAny(load, Task.Delay(50, cancellationToken));      // until as many end as begin
        await PassAsync("four nodes", load, cancellationToken);
        var worker = await KillAsync(await FindAsync(leads: false, cancellationToken), cancellationToken);
        await PassAsync($"{worker.Name} killed", load, cancellationToken);
        var leader = await KillAsync(await FindAsync(leads: true, cancellationToken), cancellationToken);
        await PassAsync($"{leader.Name}, the leader, killed too", load, cancellationToken);
        worker.Restart();
        leader.Restart();
        await ReadyAsync([worker, leader], etcd, cancellationToken);
        await PassAsync("both started again", load, cancellationToken);

        // 3. Nothing new; the rest ends. Then it is counted.
        await stop.CancelAsync();
        await load;
        return await PrintAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_submitter is not null) await _submitter.DisposeAsync();
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        _etcd?.Dispose();
        _http.Dispose();
    }

    private async Task ReadyAsync(IEnumerable<NodeProcess> nodes, string etcd, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReadyWithin);
        try
        {
            await Task.WhenAll(nodes.Select(node => node.ReadyAsync(_http, limit.Token)));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The nodes were not welcomed by a leader within {ReadyWithin.TotalSeconds:0} s. Does etcd answer at {etcd}?");
        }
    }

    private async Task PassAsync(string name, Task load, CancellationToken cancellationToken)
    {
        var from = Stopwatch.GetTimestamp();
        await await Task.WhenAny(load, Task.Delay(arguments.Phase, cancellationToken));      // a load that fails ends the run
        var phase = new Phase(name, from, Stopwatch.GetTimestamp());
        _phases.Add(phase);
        Console.WriteLine($"{phase.PerSecond(_submitter!.Settled),6:0.0} boards a second: {name}");
    }

    private async Task<NodeProcess> FindAsync(bool leads, CancellationToken cancellationToken)
    {
        foreach (var node in _nodes.Where(node => node.IsAlive).Reverse())
        {
            if (await node.LeadsAsync(_http, cancellationToken) == leads) return node;
        }

        throw new InvalidOperationException(leads ? "Nobody leads." : "Everybody leads.");
    }

    private async Task<NodeProcess> KillAsync(NodeProcess node, CancellationToken cancellationToken)
    {
        _kills.Add((node, Stopwatch.GetTimestamp()));
        await node.KillAsync(cancellationToken);
        return node;
    }

    private async Task<bool> PrintAsync(CancellationToken cancellationToken)
    {
        var calls = _nodes.SelectMany(node => node.Calls).ToLookup(call => call.Task);
        var settledAt = _submitter!.Settled.ToDictionary(one => one.Result.Task, one => one.At);
        var handOvers = _kills.ConvertAll(kill => HandOver.Of(kill.Node.Name, kill.At, calls, settledAt));
        var table = new Table().AddColumns("killed", "tasks moved", "from a checkpoint", "elsewhere after (median)", "(last)");
        foreach (var one in handOvers) table.AddRow(one.Node, $"{one.Delays.Count}", $"{one.Resumed}", $"{one.Median.TotalMilliseconds:0} ms", $"{one.Last.TotalMilliseconds:0} ms");
        console.Write(table);

        var verified = _submitter.Settled.Count(one => one.IsVerified);
        var others = await _submitter.CountOthersAsync(cancellationToken);
        Console.WriteLine($"{_submitter.Submitted} boards submitted, {_submitter.Settled.Count} settled, {verified} with a colouring that a recount finds proper; {others} lost or settled otherwise than we heard.");
        return verified == _submitter.Submitted && others == 0 && handOvers.TrueForAll(one => one.Delays.Count > 0);
    }
}
