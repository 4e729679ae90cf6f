using System.Collections.Concurrent;
using Rqml.Hosting;

namespace Rqml.Nodes;

/// <summary>
/// The workers of a node and the runs that wait for the dispatcher. Runners drain one ready queue with at most one wake-up in flight, so that many
/// short runs share a hop to the pool.
/// </summary>
internal sealed class Lanes(Dispatcher dispatcher, IWorkerHost host, IReadOnlyDictionary<string, int> counts) : IThreadPoolWorkItem, IAsyncDisposable
{
    private readonly ConcurrentQueue<LaneRun> _ready = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Stack<LaneWorker>> _idle = counts.Keys.ToDictionary(device => device, _ => new Stack<LaneWorker>());      // under _lock
    private int _runners;      // at work
    private int _waking;       // 1 while one is on its way to a thread

    public IWorkerHost Host { get; } = host;

    public int Count { get; } = counts.Values.Sum();

    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (device, count) in counts)
        {
            for (var number = 0; number < count; number++) Return(await StartWorkerAsync(new DeviceLane(device, number), cancellationToken));
        }
    }

    public async ValueTask<LaneWorker> StartWorkerAsync(DeviceLane lane, CancellationToken cancellationToken) => new(lane, await Host.StartAsync(lane, cancellationToken));

    public void Start(LaneRun run)
    {
        _ready.Enqueue(run);
        WakeRunner();
    }

    /// <summary>Runs it soon, apart from every run.</summary>
    public void Post(IThreadPoolWorkItem item) => dispatcher.Post(item);

    /// <summary>The node gives out at most as many runs as there are workers of a kind, so there is always one.</summary>
    public LaneWorker Take(string device)
    {
        lock (_lock) return _idle[device].TryPop(out var worker) ? worker : throw new InvalidOperationException($"More runs than lanes of '{device}'.");
    }

    public void Return(LaneWorker worker)
    {
        lock (_lock) _idle[worker.Lane.Device].Push(worker);
    }

    void IThreadPoolWorkItem.Execute()
    {
        // Whoever comes from here on wakes another; whoever came before is found.
        Interlocked.Increment(ref _runners);
        Volatile.Write(ref _waking, 0);
        while (_ready.TryDequeue(out var run))
        {
            if (!_ready.IsEmpty) WakeRunner();
            run.Begin();
        }

        Interlocked.Decrement(ref _runners);
        if (!_ready.IsEmpty) WakeRunner();
    }

    public async ValueTask DisposeAsync()
    {
        LaneWorker[] idle;
        lock (_lock)
        {
            idle = [.. _idle.Values.SelectMany(workers => workers)];
            foreach (var workers in _idle.Values) workers.Clear();
        }

        foreach (var lane in idle) await lane.Worker.DisposeAsync();
    }

    private void WakeRunner()
    {
        if (Volatile.Read(ref _runners) < Count && Interlocked.CompareExchange(ref _waking, 1, 0) == 0) dispatcher.Post(this);
    }
}

/// <summary>A worker, and the lane that it is for.</summary>
internal readonly record struct LaneWorker(DeviceLane Lane, IWorker Worker);
