using System.Diagnostics.CodeAnalysis;
using Rqml.Checkpoints;
using Rqml.Diagnostics;
using Rqml.Messaging;
using Rqml.Models;
using Rqml.Refinement;
using Rqml.Supervision;

namespace Rqml.Nodes;

/// <summary>
/// One start of an attempt on a worker: route, refine, assess, supervise, until it ends, yields, pauses or is stopped. It keeps its lane from
/// iteration to iteration, and leaves a checkpoint at each boundary without waiting for it.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without timer or wait handle holds nothing to dispose of, and Stop may come at any time.")]
internal sealed class AttemptRun
{
    /// <summary>Characters of an error that a result tells.</summary>
    public const int LongestReason = 4_096;

    private const int FirstPauseMs = 50;
    private const long ObeyStopMs = 10_000;

    private readonly RunContext _context;
    private readonly NodeAttempt _attempt;
    private readonly long _number;
    private readonly RefinementMachine _machine;
    private readonly CheckpointSlot? _slot;
    private readonly CancellationTokenSource _stop = new();
    private readonly Action _beat;
    private volatile bool _yield;
    private volatile bool _watched;
    private readonly Lock _gate = new();
    private bool _hasEnded;
    private long _beatMs;
    private long _stoppedMs = long.MaxValue;
    private DeviceLane _lane;
    private volatile bool _hasLane;

    public AttemptRun(RunContext context, NodeAttempt attempt, TaskClassDefinition @class, CheckpointSlot? slot)
    {
        _context = context;
        _attempt = attempt;
        _number = attempt.Run;
        _machine = new RefinementMachine(@class, attempt.Spec, attempt.Resume, context.Stations);
        _slot = slot;
        _watched = attempt.Watched;
        _beat = () => Volatile.Write(ref _beatMs, context.Clock.NowMs);
        BeatTimeoutMs = (long)@class.Policy.BeatTimeout.TotalMilliseconds;
        _beatMs = context.Clock.NowMs;
    }

    /// <summary>Completes when the run has left its lane. Never faults.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    public NodeAttempt Attempt => _attempt;

    public long BeatTimeoutMs { get; }

    /// <summary>The lane that it holds, or held.</summary>
    public DeviceLane Lane => _lane;

    /// <summary>When it is to be given up: without a sign of life, or still at work long after it was told to stop.</summary>
    /// <remarks>A run that waits for a thread has no model yet that could hang.</remarks>
    public long PatienceEndsMs => _hasLane ? Math.Min(Volatile.Read(ref _beatMs) + BeatTimeoutMs, Volatile.Read(ref _stoppedMs)) : long.MaxValue;

    public void Begin() => Completion = RunAsync();

    public void Yield() => _yield = true;

    public void Watch() => _watched = true;

    public void Stop()
    {
        if (_stop.IsCancellationRequested) return;
        Volatile.Write(ref _stoppedMs, _context.Clock.NowMs + ObeyStopMs);
        _stop.Cancel();
    }

    /// <summary>Moves the last sign of life by a time in which the model could not give one.</summary>
    public void Forgive(long lateMs) => Interlocked.Add(ref _beatMs, lateMs);

    /// <summary>Gives the run up for dead: true once, for whoever may put a new worker in its place.</summary>
    public bool TryAbandon()
    {
        if (!TryEnd()) return false;
        _stop.Cancel();
        return true;
    }

    /// <summary>Reports the end of an abandoned run once its replacement is up.</summary>
    public void ReportDeath() => _context.Ended(NodeEvent.RunEnded(_attempt, _number, RunEnding.WorkerDied, Boundary));

    private RefinementSnapshot Boundary { get => Volatile.Read(ref field); set => Volatile.Write(ref field, value); } = RefinementSnapshot.Empty;

    [SuppressMessage("Design", "CA1031", Justification = "A bug of ours in a run must not take the lane with it: it is reported as a failed task.")]
    private async Task RunAsync()
    {
        Boundary = _machine.State;
        var worker = _context.Lanes.Take(_machine.Model.Device);
        _lane = worker.Lane;
        _beat();
        _hasLane = true;
        _context.Instruments.LaneTaken(_lane.Device);
        try
        {
            _context.Stations?.Entered(Station.Lane, _attempt.Attempt.Task);
            _context.Stations?.Entered(Station.RefinementQueue, _attempt.Attempt.Task);
            var ended = await IterateAsync(worker);
            if (!TryEnd()) return;      // abandoned: the lane has another worker
            if (ended.Ending == RunEnding.Finished) _slot?.Close();
            _context.Lanes.Return(worker);
            _context.Ended(ended);
        }
        catch (WorkerDiedException error)
        {
            if (TryEnd()) await _context.ReplaceWorkerAsync(worker, this, error);
        }
        catch (Exception error)
        {
            if (!TryEnd()) return;
            _context.Lanes.Return(worker);
            _context.Ended(NodeEvent.RunEnded(_attempt, _number, RunEnding.Finished, _machine.State, Finish(Outcome.Failed, Describe(error))));
        }
        finally
        {
            _context.Instruments.LaneReturned(_lane.Device);
            _context.Left(this);
        }
    }

    private async ValueTask<NodeEvent> IterateAsync(LaneWorker lane)
    {
        var worker = lane.Worker;
        while (!_stop.IsCancellationRequested)
        {
            // The next model may need another device, and so another lane.
            if (_yield || _machine.Model.Device != lane.Lane.Device) return End(RunEnding.Yielded);
            var startedMs = _context.Clock.NowMs;
            Exception? failure = null;
            SupervisionDecision decision;
            try
            {
                var request = _machine.Route(_attempt.Attempt, lane.Lane, _beat);
                _beat();
                Enter(Station.Refine);
                var pass = await worker.RefineAsync(request, _stop.Token);
                if (HasEnded) return End(RunEnding.Stopped);      // given up meanwhile: what came back too late is nobody's any more
                var tookMs = _context.Clock.NowMs - startedMs;
                _context.Instruments.Passed(_attempt.Spec.Class.Name, request.Pass.Model, tookMs);
                decision = _machine.Refined(pass, tookMs);
                Report(pass);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return End(RunEnding.Stopped);
            }
            catch (Exception error) when (error is not (WorkerDiedException or PolicyFailedException))
            {
                if (_stop.IsCancellationRequested || HasEnded) return End(RunEnding.Stopped);
                failure = error;
                _context.Instruments.PassFailed(_attempt.Spec.Class.Name, _machine.Model.Name, error);
                decision = _machine.Failed(_context.Clock.NowMs - startedMs);
            }

            if (decision == SupervisionDecision.Accept && await ValidateAsync(worker) is var validated)
            {
                if (validated is null) return NodeEvent.RunEnded(_attempt, _number, RunEnding.Stopped, Boundary);      // the next run makes this iteration again
                decision = validated.Value;
            }

            if (Settles(decision, failure) is { } settlement) return NodeEvent.RunEnded(_attempt, _number, RunEnding.Finished, _machine.State, settlement);

            Checkpoint();
            if (decision == SupervisionDecision.Retry) return End(RunEnding.Pausing, FirstPauseMs << Math.Min(_machine.State.Failures - 1, 10));
        }

        return End(RunEnding.Stopped);
    }

    /// <summary>What follows from the validators' verdict; null where the run was stopped before there was one.</summary>
    private async ValueTask<SupervisionDecision?> ValidateAsync(IWorker worker)
    {
        Enter(Station.Validate);
        var spec = _attempt.Spec;
        var request = new ValidationRequest(spec.Class.Name, spec.Class.Version, _attempt.Attempt, spec.Payload, _machine.State.Artifact);
        try
        {
            var validation = await worker.ValidateAsync(request, _stop.Token);
            return validation.Accepted ? SupervisionDecision.Accept : _machine.Rejected();
        }
        catch (Exception error) when (error is not (WorkerDiedException or PolicyFailedException))
        {
            if (_stop.IsCancellationRequested || HasEnded) return null;
            _context.ValidatorFailed(_attempt, error);      // it abstains, and the artifact met the bar
            return SupervisionDecision.Accept;
        }
    }

    private Ledgers.Settlement? Settles(SupervisionDecision decision, Exception? failure) => decision switch
    {
        SupervisionDecision.Accept => Finish(Outcome.Converged, null),
        SupervisionDecision.Terminate => Finish(Outcome.Unconverged, "The artifact is stable below the bar, and there is no model left."),
        SupervisionDecision.Reject => Finish(Outcome.Rejected, "The validators refused the artifact, and there is no model left."),
        SupervisionDecision.Exhaust => Finish(Outcome.BudgetExhausted, "The budget of iterations, time or cost is used up."),
        SupervisionDecision.Fail => Finish(Outcome.Failed, failure is null ? "The policy decided so." : Describe(failure)),
        _ => null,
    };

    private Ledgers.Settlement Finish(Outcome outcome, string? reason) => _machine.Finish(outcome, reason, _attempt.Attempt, _context.Node, _attempt.ResumedAt);

    /// <summary>Hands the boundary's state over and goes on.</summary>
    private void Checkpoint()
    {
        lock (_gate)
        {
            if (_hasEnded) return;      // the slot is the next run's
            Boundary = _machine.State;
            if (_slot is not null)
            {
                Enter(Station.Checkpoint);
                _slot.Put(_machine.State);
            }
        }

        _machine.ForgetDecisions();
    }

    private bool HasEnded
    {
        get
        {
            lock (_gate) return _hasEnded;
        }
    }

    /// <summary>True once: for whoever has the last word on this run.</summary>
    private bool TryEnd()
    {
        lock (_gate)
        {
            if (_hasEnded) return false;
            return _hasEnded = true;
        }
    }

    private NodeEvent End(RunEnding ending, long number = 0) => NodeEvent.RunEnded(_attempt, _number, ending, _machine.State, number: number);

    private void Report(in PassResult pass)
    {
        if (!_watched) return;
        var state = _machine.State;
        var report = new IterationReport(state.Iteration, pass.Artifact, pass.Score, pass.Similarity, _machine.Model.Name, state.Tier, _context.Node);
        _context.Progress(_attempt, report);
    }

    private void Enter(Station station) => _context.Stations?.Entered(station, _attempt.Attempt.Task);

    /// <summary>The words come from a user's code and travel with the result, whose frame has a limit: they are cut to what a reader needs.</summary>
    private static string Describe(Exception error)
    {
        var words = $"{error.GetType().Name}: {error.Message}";
        return words.Length <= LongestReason ? words : $"{words[..LongestReason]}…";
    }
}
