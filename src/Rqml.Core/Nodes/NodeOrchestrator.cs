using Microsoft.Extensions.Logging;
using Rqml.Checkpoints;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Models;
using Rqml.Storage;

namespace Rqml.Nodes;

/// <summary>Feeds the <see cref="NodeMachine"/>, runs attempts on lanes, and watches over them.</summary>
internal sealed partial class NodeOrchestrator : Owner<NodeEvent, NodeEffect>, INodeOrchestrator, IHolder, IAsyncDisposable
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
    private readonly List<LaneRun> _runs = [];      // at most one a lane, and those that were given up
    private readonly List<Task> _replacements = [];
    private readonly LoopQuestions _questions;
    private readonly NodeLife _life;
    private readonly LogPace _stale = new();
    private readonly LogPace _dropped = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _watchdog;
    private readonly CheckpointInstruments _checkpointed;
    private readonly int _maxAbandoned;
    private readonly Func<long> _bytesCarried;
    private readonly HashSet<LaneRun> _hanging = [];      // given up, and still at work for all we know
    private long _abandoned;
    private long _carried;
    private long _carriedMs;
    private double _bytesPerSecond;
    private int _phase;
    private int _alone;
    private long _leaderHeardMs;
    private bool _isWatching;      // under _runsLock
    private long _watchedMs;
    private int _deathsInARow;
    private volatile bool _stopped;

    public NodeOrchestrator(EngineLoop loop, NodeMachine machine, GroupCommit? store, Fabric fabric, TaskClassRegistry classes, Lanes lanes, NodeSurroundings surroundings)
        : base(loop, machine, store)
    {
        (_loop, _machine, _store, _fabric, _classes, _lanes) = (loop, machine, store, fabric, classes, lanes);
        (_memoryPressure, _bytesCarried, _maxAbandoned, _stations, _logger) = (surroundings.MemoryPressure, surroundings.BytesCarried, surroundings.MaxAbandoned, surroundings.Stations, surroundings.Logger);
        _checkpointed = surroundings.Instruments.Checkpoints;
        _questions = new LoopQuestions(loop);
        _life = new NodeLife(machine, surroundings.Instruments.Nodes, surroundings.Logger);
        _context = new RunContext(fabric.Self.Node, loop.Clock, lanes, this, surroundings.Instruments.Nodes, surroundings.Events, _stations);
        machine.MeasureLoad = Measure;
        _carriedMs = loop.Clock.NowMs;
        _watchdog = loop.Clock.Time.CreateTimer(static node => ((NodeOrchestrator)node!).Watch(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public NodeId Id => _fabric.Self.Node;

    internal NodeMachine Machine => _machine;

    /// <summary>Asks the ledger of the node's own process for tasks that nobody has.</summary>
    public Action<LendingRequest>? Borrow { get; set; }

    Peer IHolder.Self => _machine.Self;

    int IHolder.HeldCount => _machine.HeldCount;

    bool IHolder.Holds(TaskId task) => _machine.Holds(task);

    IEnumerable<HeldSnapshot> IHolder.Snapshots()
    {
        foreach (var attempt in _machine.Attempts)
        {
            if (attempt.State == AttemptState.Unserved) continue;
            var snapshot = attempt.State == AttemptState.Running && RunOf(attempt) is { } run ? run.Boundary : attempt.Resume;
            var models = _classes.Get(attempt.Spec.Class.Name, attempt.Spec.Class.Version).Models;
            yield return new HeldSnapshot(attempt.Attempt, snapshot, models[Math.Min(snapshot.Model, models.Count - 1)].Name);
        }
    }

    public NodePhase Phase => _stopped ? NodePhase.Stopped : (NodePhase)Volatile.Read(ref _phase);

    /// <summary>Whether it hears of no scheduler, and gives itself new tasks of the ledger in its own process. Any thread.</summary>
    public bool IsAlone => Volatile.Read(ref _alone) != 0;

    /// <summary>How long it has heard of no scheduler. Any thread.</summary>
    public TimeSpan UnheardFor => TimeSpan.FromMilliseconds(Math.Max(0, _loop.Clock.NowMs - Volatile.Read(ref _leaderHeardMs)));

    /// <summary>Workers that were given up and have not come back.</summary>
    public int Hanging
    {
        get
        {
            lock (_runsLock) return _hanging.Count;
        }
    }

    /// <summary>Completes once a scheduler has welcomed the node for the first time.</summary>
    public Task Joined => _joined.Task;

    public ValueTask<NodeQueues> GetQueuesAsync(CancellationToken cancellationToken = default) => _questions.AskAsync(Describe, cancellationToken);

    /// <summary>The unfinished tasks that the node holds.</summary>
    public ValueTask<IReadOnlyList<TaskId>> GetHeldAsync(CancellationToken cancellationToken = default) =>
        _questions.AskAsync<IReadOnlyList<TaskId>>(() => [.. _machine.Held], cancellationToken);

    public async Task DrainAsync(CancellationToken cancellationToken = default)
    {
        Post(NodeEvent.Drain());
        await _drained.Task.WaitAsync(cancellationToken);
    }

    public override bool Drain(long nowMs)
    {
        var (superseded, own) = (_machine.Superseded, _machine.Own?.Count ?? 0);
        var worked = base.Drain(nowMs);
        _context.Instruments.Superseded(_machine.Superseded - superseded);
        _context.Instruments.SelfAttempts((_machine.Own?.Count ?? 0) - own);
        Volatile.Write(ref _alone, _machine.IsAlone ? 1 : 0);
        Volatile.Write(ref _leaderHeardMs, _machine.LeaderHeardMs);
        Volatile.Write(ref _phase, (int)_machine.Phase);
        if (_machine.Phase == NodePhase.Active) _joined.TrySetResult();
        _life.Look();
        _questions.Answer();
        return worked;
    }

    /// <summary>Whoever waits for the drain of a node that has stopped waits for nothing any more.</summary>
    public override void Close()
    {
        base.Close();
        _life.End();
        _questions.Answer();
        _drained.TrySetResult();
    }

    public void RunEnded(in NodeEvent ended)
    {
        _deathsInARow = 0;
        Post(ended);
    }

    public void Left(LaneRun run)
    {
        lock (_runsLock)
        {
            _runs.Remove(run);
            _hanging.Remove(run);
        }
    }

    public void Progress(NodeAttempt attempt, IterationReport report) =>
        _fabric.Send(attempt.Ledger, new Message(MessageKind.Progress, _fabric.Self, attempt.Attempt.Task, attempt.Attempt.Epoch, 0, report));

    public void StopThrew(Attempt attempt, Exception error) => Log.StopThrew(_logger, attempt, error);

    public void ValidatorFailed(NodeAttempt attempt, string validator, string? reason)
    {
        _context.Instruments.ValidatorFailed(attempt.Spec.Class.Name);
        Log.ValidatorFailed(_logger, validator, attempt.Attempt, reason);
    }

    /// <summary>Puts a new worker in a dead one's place, with back-off, and only then reports the death: the strike is sent when the lane is up again.</summary>
    public async Task ReplaceWorkerAsync(LaneWorker dead, LaneRun run, Exception cause)
    {
        _context.Instruments.WorkerDied();
        Log.WorkerDied(_logger, run.Attempt, cause);
        await dead.Worker.DisposeAsync();
        await StartWorkerAsync(dead.Lane);
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
                if (effect.Message.Kind == MessageKind.Refused) Refused(effect.To!, effect.Message);
                _fabric.Send(effect.To!, effect.Message);
                break;
            case NodeEffectKind.StartRun:
                Start(effect.Attempt!);
                break;
            case NodeEffectKind.StopRun:
                if (effect.Attempt!.Heir is null) RunOf(effect.Attempt)?.Slot?.Close();      // an heir's checkpoints follow from what waits there
                RunOf(effect.Attempt)?.Stop();
                break;
            case NodeEffectKind.YieldRun:
                RunOf(effect.Attempt!)?.Yield();
                break;
            case NodeEffectKind.WatchRun:
                RunOf(effect.Attempt!)?.Watch();
                break;
            case NodeEffectKind.TellStory:
                var told = effect.Attempt!;
                _fabric.Send(told.Ledger, new Message(MessageKind.Told, _fabric.Self, told.Attempt.Task, told.Attempt.Epoch, Body: RunOf(told)?.Story ?? told.Resume.Story));
                break;
            case NodeEffectKind.StartBallot:
                Start(new BallotRun(_context, effect.Ballot!, _classes.Get(effect.Ballot!.Call.Spec.Class.Name, effect.Ballot!.Call.Spec.Class.Version)));
                break;
            case NodeEffectKind.LoseResult:
                _context.Instruments.ResultDropped(effect.Loss.ToString());
                if (_dropped.Passes(_loop.Clock.NowMs)) Log.ResultDropped(_logger, _machine.Self, effect.Outbound!.Attempt, effect.Outbound.Ledger, effect.Loss, _dropped.Total);
                break;
            case NodeEffectKind.AskLedger:
                Borrow?.Invoke(effect.Request!);
                break;
            case NodeEffectKind.Drained:
                if (_drained.TrySetResult()) _life.Drained();
                break;
        }
    }

    private void Refused(Peer leader, in Message refused)
    {
        var reason = (RefusalReason)refused.Number;
        _context.Instruments.AttemptRefused(reason.ToString());
        if (reason is not (RefusalReason.StaleEpoch or RefusalReason.OtherIncarnation) || !_stale.Passes(_loop.Clock.NowMs)) return;
        Log.StaleCommand(_logger, _machine.Self, new Attempt(refused.Task, refused.Epoch), leader, reason, _stale.Total);
    }

    protected override void Encode(in NodeEffect effect, WriteBatch batch)
    {
        switch (effect.Kind)
        {
            case NodeEffectKind.WriteTerm:
                NodeStore.PutTerm(batch, effect.Term);
                break;
            case NodeEffectKind.WriteSelfAttempts:
                NodeStore.PutSelfAttempts(batch, effect.Count);
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

        _context.Instruments.Dequeued(attempt.Spec.Class.Name, _loop.Clock.NowMs - attempt.QueuedMs);
        if (attempt.Run == 1) _stations?.Entered(Station.InboundQueue, attempt.Attempt.Task);
        var @class = _classes.Get(attempt.Spec.Class.Name, attempt.Spec.Class.Version);
        var slot = RunOf(attempt)?.Slot ?? (_store is null ? null : new CheckpointSlot(attempt.Attempt, _store, attempt.Chain, @class.Models, _checkpointed));
        var run = new AttemptRun(_context, attempt, @class, slot);
        attempt.Handle = run;
        Start(run);
    }

    private void Start(LaneRun run)
    {
        lock (_runsLock)
        {
            _runs.Add(run);
            if (!_isWatching) BeginToWatch();
        }

        _lanes.Start(run);
    }

    /// <summary>The newest run; it may have ended.</summary>
    private static AttemptRun? RunOf(NodeAttempt attempt) => (AttemptRun?)attempt.Handle;

    /// <summary>Gives up workers whose model has shown no sign of life for the class's beat timeout, or goes on though it was told to stop.</summary>
    private void Watch()
    {
        var nowMs = _loop.Clock.NowMs;
        var lateMs = nowMs - _watchedMs - 2 * (long)WatchEvery.TotalMilliseconds;
        _watchedMs = nowMs;
        foreach (var run in RunsToWatch())
        {
            // We were not running either: the process was stopped, or the machine asleep. That is no fault of the model's.
            if (lateMs > 0) run.Forgive(lateMs);
            if (run.PatienceEndsMs > nowMs || !run.TryAbandon()) continue;
            lock (_runsLock)
            {
                _replacements.RemoveAll(replacement => replacement.IsCompleted);
                _replacements.Add(AbandonAsync(run));
            }
        }
    }

    /// <summary>An idle node wakes nobody ten times a second for nothing.</summary>
    private void BeginToWatch()
    {
        _isWatching = true;
        Volatile.Write(ref _watchedMs, _loop.Clock.NowMs);
        _watchdog.Change(WatchEvery, WatchEvery);
    }

    private LaneRun[] RunsToWatch()
    {
        lock (_runsLock)
        {
            if (_runs.Count == 0)
            {
                _isWatching = false;
                _watchdog.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }

            return [.. _runs];
        }
    }

    private LaneRun[] Runs()
    {
        lock (_runsLock) return [.. _runs];
    }

    /// <summary>A hung worker cannot be killed in this process: another takes its lane, up to a number of them; then the node takes nothing new and says why.</summary>
    private async Task AbandonAsync(LaneRun run)
    {
        Interlocked.Increment(ref _abandoned);
        _context.Instruments.WorkerAbandoned();
        Log.Abandoned(_logger, run.Attempt, run.BeatTimeoutMs);
        int hanging;
        lock (_runsLock)
        {
            _runs.Remove(run);
            _hanging.Add(run);
            hanging = _hanging.Count;
        }

        if (hanging < _maxAbandoned)
        {
            await StartWorkerAsync(run.Lane);
        }
        else
        {
            Log.TooManyAbandoned(_logger, _fabric.Self.Node, hanging);
            Post(NodeEvent.Drain());
        }

        run.ReportDeath();
    }

    private async Task StartWorkerAsync(DeviceLane lane)
    {
        while (!_stopped)
        {
            var deaths = Interlocked.Increment(ref _deathsInARow);
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(LongestRestartMs, FirstRestartMs << Math.Min(deaths - 1, 9))), _loop.Clock.Time);
            try
            {
                _lanes.Return(await _lanes.StartWorkerAsync(lane, CancellationToken.None));
                return;
            }
            catch (RqmlException error)
            {
                Log.RestartFailed(_logger, error);
            }
        }
    }

    private NodeLoad Measure(LoadSeen seen) => new(seen.Lanes, seen.Running, seen.Waiting, Math.Clamp(_memoryPressure(), 0, 1), seen.FreeDevices, MeasureBandwidth());

    /// <summary>Bytes a second that links carried since the last look; looks closer than a second together share one figure.</summary>
    private double MeasureBandwidth()
    {
        var (nowMs, carried) = (_loop.Clock.NowMs, _bytesCarried());
        if (nowMs - _carriedMs < 1_000) return _bytesPerSecond;
        _bytesPerSecond = (carried - _carried) * 1_000.0 / (nowMs - _carriedMs);
        (_carriedMs, _carried) = (nowMs, carried);
        return _bytesPerSecond;
    }

    private NodeQueues Describe()
    {
        var nowMs = _loop.Clock.NowMs;
        return new NodeQueues(_machine.InboundStatistics(nowMs), _machine.RefiningStatistics(nowMs), _machine.RunningCount, _lanes.Count, _machine.OutboundCount, Interlocked.Read(ref _abandoned), Hanging);
    }
}
