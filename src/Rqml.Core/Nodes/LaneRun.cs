using System.Diagnostics.CodeAnalysis;
using Rqml.Models;

namespace Rqml.Nodes;

/// <summary>Something that holds a lane and calls users' code on its worker: watched for signs of life, told to stop, and given up where it does not.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without timer or wait handle holds nothing to dispose of, and Stop may come at any time.")]
internal abstract class LaneRun : IThreadPoolWorkItem
{
    private const long ObeyStopMs = 10_000;

    private readonly CancellationTokenSource _stop = new();
    private bool _hasEnded;
    private int _isStopped;
    private long _beatMs;
    private long _stoppedMs = long.MaxValue;
    private DeviceLane _lane;
    private volatile bool _hasLane;
    private List<(ModelGate Gate, CallPermit Permit)>? _places;      // that its calls hold; under Gate
    private int _calls;
    private int _queued;

    protected LaneRun(RunContext context, Attempt attempt, TimeSpan beatTimeout)
    {
        Context = context;
        Attempt = attempt;
        BeatTimeoutMs = (long)beatTimeout.TotalMilliseconds;
        Beat = SayAlive;
    }

    /// <summary>Completes when the run has left its lane. Never faults.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <summary>The attempt that it is for.</summary>
    public Attempt Attempt { get; }

    public long BeatTimeoutMs { get; }

    /// <summary>The lane that it holds, or held.</summary>
    public DeviceLane Lane => _lane;

    /// <summary>When it is to be given up: without a sign of life, or still at work long after it was told to stop.</summary>
    /// <remarks>A run that waits for a thread, or for a place among the calls of a model, is in no model that could hang.</remarks>
    public long PatienceEndsMs
    {
        get
        {
            if (!_hasLane) return long.MaxValue;
            var isQueued = Volatile.Read(ref _queued) > 0 && Volatile.Read(ref _calls) == 0;
            return Math.Min(isQueued ? long.MaxValue : Volatile.Read(ref _beatMs) + BeatTimeoutMs, Volatile.Read(ref _stoppedMs));
        }
    }

    /// <summary>The last sign of life.</summary>
    public long BeatMs => Volatile.Read(ref _beatMs);

    /// <summary>Told to stop.</summary>
    public bool IsStopped => Volatile.Read(ref _isStopped) != 0;

    /// <summary>For users' code: cancelled soon after the run was told to stop.</summary>
    public CancellationToken Stopping => _stop.Token;

    protected RunContext Context { get; }

    /// <summary>A sign of life.</summary>
    protected Action Beat { get; }

    /// <summary>The kind of lane that it needs.</summary>
    protected abstract string Device { get; }

    /// <summary>Held while what the run has come to is handed over, so that nobody gives it up meanwhile.</summary>
    protected object Gate => _stop;      // any object that is this run's own

    protected bool HasEnded
    {
        get
        {
            lock (Gate) return _hasEnded;
        }
    }

    protected bool HasEndedLocked => _hasEnded;

    public void Begin() => Completion = RunAsync();

    protected void SayAlive() => Volatile.Write(ref _beatMs, Context.Clock.NowMs);

    /// <summary>Takes a place among the calls of a model, and begins one with a sign of life.</summary>
    public async ValueTask<CallPermit> EnterAsync(ModelGate gate)
    {
        if (gate.TryEnter(out var permit)) return BeginCall(gate, permit);
        Interlocked.Increment(ref _queued);
        try
        {
            return BeginCall(gate, await gate.EnterAsync(Stopping));
        }
        finally
        {
            Interlocked.Decrement(ref _queued);
        }
    }

    /// <summary>Begins a call that has its place already.</summary>
    /// <exception cref="OperationCanceledException">The run was given up meanwhile; the place is free again.</exception>
    public CallPermit BeginCall(ModelGate gate, CallPermit permit)
    {
        SayAlive();
        if (!gate.IsOpen && !TryHold(gate, permit))
        {
            gate.Leave(permit, 0, CallOutcome.Abandoned);
            throw new OperationCanceledException(Stopping);
        }

        Interlocked.Increment(ref _calls);
        return permit;
    }

    public void EndCall(ModelGate gate, CallPermit permit, long tookMs, Exception? failure)
    {
        Interlocked.Decrement(ref _calls);
        SayAlive();
        if (gate.IsOpen) return;
        lock (Gate)
        {
            if (_places is null || !_places.Remove((gate, permit))) return;      // the run was given up, and its place with it
        }

        gate.Leave(permit, Math.Max(0, tookMs), ModelGate.OutcomeOf(failure));
    }

    public void Stop()
    {
        if (IsStopped) return;
        Volatile.Write(ref _stoppedMs, Context.Clock.NowMs + ObeyStopMs);
        Cancel();
    }

    /// <summary>Moves the last sign of life by a time in which the model could not give one.</summary>
    public void Forgive(long lateMs) => Interlocked.Add(ref _beatMs, lateMs);

    /// <summary>Gives the run up for dead: true once, for whoever may put a new worker in its place.</summary>
    public bool TryAbandon()
    {
        if (!TryEnd()) return false;
        Cancel();
        LeaveGates();
        return true;
    }

    /// <summary>Reports the end of an abandoned run, or of one whose worker died, once its replacement is up.</summary>
    public abstract void ReportDeath();

    /// <summary>What comes now gives no sign of life, and may take so long.</summary>
    protected void GiveTime(TimeSpan time)
    {
        SayAlive();
        Forgive((long)time.TotalMilliseconds);
    }

    /// <summary>Does the work. What it returns is carried out once the lane is free again; nobody hears of what it returns after the run was given up.</summary>
    protected abstract ValueTask<NodeEvent> WorkAsync(LaneWorker worker);

    /// <summary>The run has come to this, and nobody gives it up any more.</summary>
    protected virtual void Ending(in NodeEvent ended) { }

    /// <summary>What is said of a bug of ours in the run.</summary>
    protected abstract NodeEvent Failed(Exception error);

    [SuppressMessage("Design", "CA1031", Justification = "A bug of ours in a run must not take the lane with it: it is reported as a failed task.")]
    private async Task RunAsync()
    {
        var worker = Context.Lanes.Take(Device);
        _lane = worker.Lane;
        SayAlive();
        _hasLane = true;
        Context.Instruments.LaneTaken(_lane.Device);
        try
        {
            var ended = await WorkAsync(worker);
            if (!TryEnd()) return;      // abandoned: the lane has another worker
            Leave(worker, ended);
        }
        catch (WorkerDiedException error)
        {
            if (TryEnd()) await Context.ReplaceWorkerAsync(worker, this, error);
        }
        catch (Exception error)
        {
            if (TryEnd()) Leave(worker, Failed(error));
        }
        finally
        {
            Context.Instruments.LaneReturned(_lane.Device);
            Context.Left(this);
        }
    }

    /// <summary>What users' code has registered with the token runs where it is cancelled: on a thread of the pool that does nothing else meanwhile, so that it holds up nobody and what it throws is its own affair.</summary>
    private void Cancel()
    {
        if (Interlocked.Exchange(ref _isStopped, 1) == 0) Context.Lanes.Post(this);
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever users' code throws at being told to stop, it is told.")]
    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            _stop.Cancel();
        }
        catch (Exception error)
        {
            Context.StopThrew(Attempt, error);
        }
    }

    private bool TryHold(ModelGate gate, CallPermit permit)
    {
        lock (Gate)
        {
            if (_hasEnded) return false;
            (_places ??= []).Add((gate, permit));
            return true;
        }
    }

    /// <summary>A call that never comes back must not keep others out of its model.</summary>
    private void LeaveGates()
    {
        (ModelGate Gate, CallPermit Permit)[] places;
        lock (Gate)
        {
            places = [.. _places ?? []];
            _places = null;
        }

        foreach (var (gate, permit) in places) gate.Leave(permit, 0, CallOutcome.Abandoned);
    }

    private void Leave(LaneWorker worker, in NodeEvent ended)
    {
        Ending(ended);
        Context.Lanes.Return(worker);
        Context.Ended(ended);
    }

    /// <summary>True once: for whoever has the last word on this run.</summary>
    private bool TryEnd()
    {
        lock (Gate)
        {
            if (_hasEnded) return false;
            return _hasEnded = true;
        }
    }
}
