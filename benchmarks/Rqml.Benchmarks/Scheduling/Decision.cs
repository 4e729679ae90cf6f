using BenchmarkDotNet.Attributes;
using Rqml.Benchmarks.Ratios;
using Rqml.Messaging;
using Rqml.Scheduling;
using Rqml.Tasks;

namespace Rqml.Benchmarks.Scheduling;

/// <summary>Chooses a node for a task by weight, free capacity, reliability and affinity; beside a pick without looking.</summary>
[MemoryDiagnoser]
public class Decision : IComparison
{
    private const int Tasks = 20_000;
    private readonly NodePool _pool = new(seed: 1);
    private readonly List<ScheduledNode> _nodes = [];
    private ScheduledTask _task = null!;
    private SplitMix64 _random = new(1);
    private long _drawn;

    [Params(10, 100, 1_000, 10_000)]
    public int Nodes { get; set; } = 1_000;

    public int Operations => Tasks;

    [GlobalSetup]
    public Task Setup()
    {
        var @class = new ClassKey("class", 1);
        var ledger = new Peer(new NodeId("ledger"), new Incarnation(1), "");
        _task = new ScheduledTask(new TaskSpec { Id = TaskId.Create(1, 1, new LedgerId(1)), Class = @class, Payload = default }, ledger, takenMs: 0);
        for (var number = 0; number < Nodes; number++)
        {
            var node = _pool.Add(new Peer(new NodeId($"node-{number}"), new Incarnation(1), ""), nowMs: 0);
            (node.Standing, node.Reported, node.Limit) = (NodeStanding.Active, true, 1_000);
            _pool.SetClasses(node, [@class]);
            NodePool.Weigh(node, nowMs: 0);
            _nodes.Add(node);
        }

        return Task.CompletedTask;
    }

    [GlobalCleanup]
    public Task Cleanup() => Task.CompletedTask;

    [Benchmark(Baseline = true, OperationsPerInvoke = Tasks)]
    public Task Floor()
    {
        for (var task = 0; task < Tasks; task++) _drawn += _nodes[(int)(_random.Next() % (ulong)_nodes.Count)].Limit;
        return Task.CompletedTask;
    }

    /// <summary>The draw, and the node's new weight with the task on it and without.</summary>
    [Benchmark(OperationsPerInvoke = Tasks)]
    public Task Rqml()
    {
        for (var task = 0; task < Tasks; task++)
        {
            var node = _pool.Draw(_task, nowMs: 0, out _) ?? throw new InvalidOperationException("No node has room.");
            node.Assigned.Add(_task.Spec.Id);
            NodePool.Weigh(node, nowMs: 0);
            node.Assigned.Remove(_task.Spec.Id);
            NodePool.Weigh(node, nowMs: 0);
            _drawn += node.Limit;
        }

        return Task.CompletedTask;
    }
}
