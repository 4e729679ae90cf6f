using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Rqml.Checkpoints;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Models;
using Rqml.Storage;

namespace Rqml.Nodes;

/// <summary>Feeds the <see cref="NodeMachine"/>, runs attempts on lanes, and watches over them.</summary>
internal sealed partial class NodeOrchestrator : Owner<NodeEvent, NodeEffect>, INodeOrchestrator, IAsyncDisposable
{
    private const int FirstRestartMs = 10;
    private const int LongestRestartMs = 5_000;
    private static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(100);

    private readonly NodeMachine _machine;
    private readonly EngineLoop _loop;
    private readonly GroupCommit? _store;
    private readonly Fabric _fabric;
    private readonly TaskClassRegistry _classes;
    private readonly Lanes _lanes;
    private readonly Func<double> _memoryPressure;
    private readonly RunContext _context;
    private readonly IStationObserver? _stations;
    private readonly ILogger _logger;
    private readonly Lock _runsLock = new();
    private readonly List<AttemptRun> _runs = [];      // at most one a lane, and those that were given up
    private readonly List<Task> _replacements = [];
    private readonly ConcurrentQueue<Action> _questions = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _watchdog;
    private long _abandoned;
    private long _watchedMs;
    private int _deathsInARow;
    private volatile bool _stopped;

    public NodeOrchestrator(
        EngineLoop loop, NodeMachine machine, GroupCommit? store, Fabric fabric, TaskClassRegistry classes, Lanes lanes, Func<double> memoryPressure, IStationObserver? stations, ILogger logger)
        : base(loop, machine, store)
    {
        (_loop, _machine, _store, _fabric, _classes, _lanes, _memoryPressure, _stations, _logger) = (loop, machine, store, fabric, classes, lanes, memoryPressure, stations, logger);
        _context = new RunContext(fabric.Self.Node, loop.Clock, lanes, this, stations);
        machine.MeasureLoad = Measure;
        _watchedMs = loop.Clock.NowMs;
        _watchdog = loop.Clock.Time.CreateTimer(static node => ((NodeOrchestrator)node!).Watch(), this, WatchEvery, WatchEvery);
    }

    public NodeId Id => _fabric.Self.Node;

    internal NodeMachine Machine => _machine;

    public NodePhase Phase
    {
        get
        {
            if (_stopped) return NodePhase.Stopped;
            if (_machine.IsDraining) return NodePhase.Draining;
            return _machine.Term == default ? NodePhase.Joining : NodePhase.Active;
        }
    }

    public async ValueTask<NodeQueues> GetQueuesAsync(CancellationToken cancellationToken = default)
    {
        var asked = new TaskCompletionSource<NodeQueues>(TaskCreationOptions.RunContinuationsAsynchronously);
        _questions.Enqueue(() => asked.TrySetResult(Describe()));
        _loop.Wake();
        return await asked.Task.WaitAsync(cancellationToken);
    }

    /// <summary>The unfinished tasks that the node holds.</summary>
    public async Task<IReadOnlyList<TaskId>> GetHeldAsync(CancellationToken cancellationToken = default)
    {
        var asked = new TaskCompletionSource<IReadOnlyList<TaskId>>(TaskCreationOptions.RunContinuationsAsynchronously);
        _questions.Enqueue(() => asked.TrySetResult([.. _machine.Held]));
        _loop.Wake();
        return await asked.Task.WaitAsync(cancellationToken);
    }

    public async Task DrainAsync(CancellationToken cancellationToken = default)
    {
        Post(NodeEvent.Drain());
        await _drained.Task.WaitAsync(cancellationToken);
    }

    public override bool Drain(long nowMs)
    {
        var worked = base.Drain(nowMs);
        while (_questions.TryDequeue(out var question)) question();
        return worked;
    }

    public void RunEnded(in NodeEvent ended)
    {
        _deathsInARow = 0;
        Post(ended);
    }

    public void Left(AttemptRun run)
    {
        lock (_runsLock) _runs.Remove(run);
    }

    public void Progress(NodeAttempt attempt, IterationReport report) =>
        _fabric.Send(attempt.Ledger, new Message(MessageKind.Progress, _fabric.Self, attempt.Attempt.Task, attempt.Attempt.Epoch, 0, report));

    public void ValidatorFailed(Attempt attempt, Exception error) => Log.ValidatorFailed(_logger, attempt, error);

    /// <summary>Puts a new worker in a dead one's place, with back-off, and only then reports the death: the strike is sent when the lane is up again.</summary>
    public async Task ReplaceWorkerAsync(IWorker dead, AttemptRun run, Exception cause)
    {
        Log.WorkerDied(_logger, run.Attempt.Attempt, cause);
        await dead.DisposeAsync();
        await StartWorkerAsync();
        run.ReportDeath();
    }

    public async ValueTask DisposeAsync()
    {
        _stopped = true;
        Post(NodeEvent.Drain());
        await _watchdog.DisposeAsync();
        foreach (var run in Runs()) run.Stop();
        Task[] replacements;
        lock (_runsLock) replacements = [.. _replacements];
        foreach (var replacement in replacements) await replacement;
        await _lanes.DisposeAsync();
    }

    protected override void CarryOut(in NodeEffect effect)
    {
        switch (effect.Kind)
        {
            case NodeEffectKind.Send:
                if (effect.Message.Kind == MessageKind.Result) _stations?.Entered(Station.OutboundQueue, effect.Message.Task);
                _fabric.Send(effect.To!, effect.Message);
                break;
            case NodeEffectKind.StartRun:
                Start(effect.Attempt!);
                break;
            case NodeEffectKind.StopRun:
                CloseSlot(effect.Attempt!);
                RunOf(effect.Attempt!)?.Stop();
                break;
            case NodeEffectKind.YieldRun:
                RunOf(effect.Attempt!)?.Yield();
                break;
            case NodeEffectKind.WatchRun:
                RunOf(effect.Attempt!)?.Watch();
                break;
            case NodeEffectKind.Drained:
                _drained.TrySetResult();
                break;
        }
    }

    protected override void Encode(in NodeEffect effect, WriteBatch batch)
    {
        switch (effect.Kind)
        {
            case NodeEffectKind.WriteTerm:
                NodeStore.PutTerm(batch, effect.Term);
                break;
            case NodeEffectKind.WriteAttempt:
                NodeStore.PutAttempt(batch, effect.Stored!);
                break;
            case NodeEffectKind.WriteOutbound:
                NodeStore.PutOutbound(batch, effect.Outbound!);
                break;
            case NodeEffectKind.DropTask:
                NodeStore.DropTask(batch, effect.Task);
                break;
        }
    }

    private void Start(NodeAttempt attempt)
    {
        if (attempt.IsDropped)
        {
            Post(NodeEvent.RunEnded(attempt, attempt.Run, RunEnding.Stopped, null));      // dropped while its start became durable
            return;
        }

        if (attempt.Run == 1) _stations?.Entered(Station.InboundQueue, attempt.Attempt.Task);
        var @class = _classes.Get(attempt.Spec.Class.Name, attempt.Spec.Class.Version);
        var handle = attempt.Handle as RunHandle ?? new RunHandle(_store is null ? null : new CheckpointSlot(attempt.Attempt, _store, attempt.Chain, @class.Models));
        var run = new AttemptRun(_context, attempt, @class, handle.Slot);
        attempt.Handle = handle with { Run = run };
        lock (_runsLock) _runs.Add(run);
        _lanes.Start(run);
    }

    private static AttemptRun? RunOf(NodeAttempt attempt) => (attempt.Handle as RunHandle)?.Run;

    private static void CloseSlot(NodeAttempt attempt) => (attempt.Handle as RunHandle)?.Slot?.Close();

    /// <summary>Gives up workers whose model has shown no sign of life for the class's beat timeout.</summary>
    private void Watch()
    {
        var nowMs = _loop.Clock.NowMs;
        var lateMs = nowMs - _watchedMs - 2 * (long)WatchEvery.TotalMilliseconds;
        _watchedMs = nowMs;
        foreach (var run in Runs())
        {
            // We were not running either: the process was stopped, or the machine asleep. That is no fault of the model's.
            if (lateMs > 0) run.Forgive(lateMs);
            if (run.BeatMs + run.BeatTimeoutMs > nowMs || !run.TryAbandon()) continue;
            lock (_runsLock)
            {
                _replacements.RemoveAll(replacement => replacement.IsCompleted);
                _replacements.Add(AbandonAsync(run));
            }
        }
    }

    private AttemptRun[] Runs()
    {
        lock (_runsLock) return [.. _runs];
    }

    private async Task AbandonAsync(AttemptRun run)
    {
        Interlocked.Increment(ref _abandoned);
        Log.Abandoned(_logger, run.Attempt.Attempt, run.BeatTimeoutMs);
        Left(run);
        await StartWorkerAsync();
        run.ReportDeath();
    }

    private async Task StartWorkerAsync()
    {
        while (!_stopped)
        {
            var deaths = Interlocked.Increment(ref _deathsInARow);
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(LongestRestartMs, FirstRestartMs << Math.Min(deaths - 1, 9))), _loop.Clock.Time);
            try
            {
                _lanes.Return(await _lanes.Host.StartAsync(CancellationToken.None));
                return;
            }
            catch (RqmlException error)
            {
                Log.RestartFailed(_logger, error);
            }
        }
    }

    private NodeLoad Measure(int running, int waiting)
    {
        var pressure = _memoryPressure();
        return new NodeLoad(_lanes.Count, running, waiting, pressure, NodeSettings.NoDevices, 0);
    }

    private NodeQueues Describe()
    {
        var nowMs = _loop.Clock.NowMs;
        return new NodeQueues(_machine.InboundStatistics(nowMs), _machine.RefiningStatistics(nowMs), _machine.RunningCount, _lanes.Count, _machine.OutboundCount, Interlocked.Read(ref _abandoned));
    }

    private sealed record RunHandle(CheckpointSlot? Slot)
    {
        public AttemptRun? Run { get; init; }
    }
}
