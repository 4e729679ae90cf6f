using System.Collections.Concurrent;
using Rqml.Hosting;

namespace Rqml.Nodes;

/// <summary>
/// The workers of a node and the runs that wait for the dispatcher. Runners drain one ready queue with at most one wake-up in flight, so that many
/// short runs share a hop to the pool.
/// </summary>
internal sealed class Lanes(Dispatcher dispatcher, IWorkerHost host, int count) : IThreadPoolWorkItem, IAsyncDisposable
{
    private readonly ConcurrentQueue<AttemptRun> _ready = new();
    private readonly ConcurrentBag<IWorker> _idle = [];
    private int _runners;

    public IWorkerHost Host { get; } = host;

    public int Count { get; } = count;

    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        for (var lane = 0; lane < Count; lane++) _idle.Add(await Host.StartAsync(cancellationToken));
    }

    public void Start(AttemptRun run)
    {
        _ready.Enqueue(run);
        WakeRunner();
    }

    /// <summary>The node gives out at most as many runs as there are workers, so there is always one.</summary>
    public IWorker Take() => _idle.TryTake(out var worker) ? worker : throw new InvalidOperationException("More runs than lanes.");

    public void Return(IWorker worker) => _idle.Add(worker);

    void IThreadPoolWorkItem.Execute()
    {
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
        while (_idle.TryTake(out var worker)) await worker.DisposeAsync();
    }

    private void WakeRunner()
    {
        var runners = Volatile.Read(ref _runners);
        if (runners < Count && Interlocked.CompareExchange(ref _runners, runners + 1, runners) == runners) dispatcher.Post(this);
    }
}
