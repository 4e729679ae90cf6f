using Rqml.Checkpoints;
using Rqml.Diagnostics;
using Rqml.Models;
using Rqml.Refinement;
using Rqml.Supervision;

namespace Rqml.Nodes;

/// <summary>
/// One start of an attempt on a worker: route, refine, assess, supervise, until it ends, yields, pauses or is stopped. It keeps its lane from
/// iteration to iteration, and leaves a checkpoint at each boundary without waiting for it.
/// </summary>
internal sealed class AttemptRun : LaneRun
{
    /// <summary>Characters of an error that a result tells.</summary>
    public const int LongestReason = 4_096;

    private const int FirstPauseMs = 50;
    private const int CrowdedPauseMs = 50;
    private const long LongestPauseMs = 60 * 60 * 1_000;      // a model may ask for an hour, not for ever

    private readonly NodeAttempt _attempt;
    private readonly TaskClassDefinition _class;
    private readonly long _number;
    private readonly RefinementMachine _machine;
    private volatile bool _isWatched;
    private volatile bool _yield;
    private RunEnding _ending;
    private object? _body;
    private long _pauseMs;
    private RefinementSnapshot? _end;

    public AttemptRun(RunContext context, NodeAttempt attempt, TaskClassDefinition @class, CheckpointSlot? slot)
        : base(context, attempt.Attempt, @class.Policy.BeatTimeout)
    {
        _attempt = attempt;
        _class = @class;
        _number = attempt.Run;
        _machine = new RefinementMachine(@class, attempt.Spec, attempt.Resume, context.Node, attempt.Difficulty, context.Stations);
        Slot = slot;
        _isWatched = attempt.Watched;
        Boundary = _machine.State;
    }

    /// <summary>Where its checkpoints go, and those of the attempt's next run; null where nothing is kept.</summary>
    public CheckpointSlot? Slot { get; }

    protected override string Device => _machine.Model.Device;

    private IterationPasses Passes => new(Context, _class, this);

    private RunWitness Witness => new(Context, _attempt, _class);

    /// <summary>Its state at the last iteration boundary. Any thread.</summary>
    public RefinementSnapshot Boundary { get => Volatile.Read(ref field); private set => Volatile.Write(ref field, value); }

    /// <summary>What has happened to the task up to its last boundary.</summary>
    public Story Story => Boundary.Story;

    public void Yield() => _yield = true;

    public void Watch() => _isWatched = true;

    public override void ReportDeath() => Context.Ended(NodeEvent.RunEnded(_attempt, _number, RunEnding.WorkerDied, Boundary));

    protected override ValueTask<NodeEvent> WorkAsync(LaneWorker worker) => Spans.AreHeard ? WorkTracedAsync(worker) : RefineAsync(worker);

    private async ValueTask<NodeEvent> WorkTracedAsync(LaneWorker worker)
    {
        using var span = Spans.Attempt(_attempt, Context.Node);
        try
        {
            var ended = await RefineAsync(worker);
            span?.SetTag("rqml.ending", ended.Ending.ToString());
            return ended;
        }
        catch (Exception error)
        {
            span?.Failed(error);
            throw;
        }
    }

    private async ValueTask<NodeEvent> RefineAsync(LaneWorker worker)
    {
        Enter(Station.Lane);
        Enter(Station.RefinementQueue);
        if (_attempt.IsBrought) KeepBrought();
        if (_attempt.Tally is { } tally && tally.Number == _machine.State.Vote && await ConcludeAsync(worker.Worker, _machine.Voted(tally.Tally, tally.Opinions), null)) return Ended();
        while (!IsStopped)
        {
            if (_machine.State.Vote > 0) return NodeEvent.RunEnded(_attempt, _number, RunEnding.AwaitingVote, _machine.State, _machine.CallVote());
            _machine.Route();

            // The next model may need another device, and so another lane.
            if (_yield || _machine.Model.Device != worker.Lane.Device) return End(RunEnding.Yielded);
            if (!Passes.TryEnter(_machine, out var first)) return End(RunEnding.Pausing, CrowdedPauseMs);
            if (await IterateAsync(worker, first)) return Ended();
        }

        return End(RunEnding.Stopped);
    }

    protected override NodeEvent Failed(Exception error) =>
        NodeEvent.RunEnded(_attempt, _number, RunEnding.Finished, _machine.State, Finish(Outcome.Failed, Describe(error)));

    /// <summary>One iteration; true where the run has ended with it.</summary>
    private async ValueTask<bool> IterateAsync(LaneWorker lane, CallPermit first)
    {
        SayAlive();
        var startedMs = BeatMs;
        using var span = Spans.Iterate(_attempt.Spec.Class.Name, _machine.State.Iteration + 1, _machine.Model.Name);
        Enter(Station.Refine);
        var made = await Passes.MakeAsync(_machine, Attempt, lane, Beat, first);
        if (HasEnded || IsStopped) return EndsAs(RunEnding.Stopped);      // what came back too late is nobody's any more

        var elapsedMs = Context.Clock.NowMs - startedMs;
        if (made.Failure is { } failed) span?.Failed(failed);
        if (made.Failure is { } failure) return await ConcludeAsync(lane.Worker, _machine.Failed(elapsedMs, failure is ModelOverloadedException, made.Wasted), failure);
        var decision = _machine.Refined(made.Results, made.Alike, elapsedMs, made.Wasted);
        span?.SetTag("rqml.decision", decision.Action.ToString());
        Witness.Saw(_machine, made, _isWatched);
        return await ConcludeAsync(lane.Worker, decision, null);
    }

    /// <summary>Carries out what was decided: ends the run (true), or leaves a checkpoint and lets it go on.</summary>
    private async ValueTask<bool> ConcludeAsync(IWorker worker, SupervisionDecision decision, Exception? failure)
    {
        if (decision.Action == SupervisionAction.Accept && _class.Policy.HasValidators && !_machine.IsElected)
        {
            if (await ValidateAsync(worker) is not { } validated) return EndsAs(RunEnding.Stopped, at: Boundary);      // the next run makes this iteration again
            decision = validated;
        }
        else if (decision.Action == SupervisionAction.Accept)
        {
            Enter(Station.Validate);
        }

        if (Settles(decision, failure) is { } settlement) return EndsAs(RunEnding.Finished, settlement);
        Checkpoint();
        return decision.Action == SupervisionAction.Retry && EndsAs(RunEnding.Pausing, pauseMs: PauseMs(failure));
    }

    /// <summary>Notes how the run ends; the event that says so is large, and would be copied on its way through every caller.</summary>
    private bool EndsAs(RunEnding ending, object? body = null, long pauseMs = 0, RefinementSnapshot? at = null)
    {
        (_ending, _body, _pauseMs, _end) = (ending, body, pauseMs, at);
        return true;
    }

    private NodeEvent Ended() => NodeEvent.RunEnded(_attempt, _number, _ending, _ending == RunEnding.Finished ? null : _end ?? _machine.State, _body, _pauseMs);

    /// <summary>What follows from the validators' verdicts; null where the run was stopped before there were any.</summary>
    private async ValueTask<SupervisionDecision?> ValidateAsync(IWorker worker)
    {
        Enter(Station.Validate);
        GiveTime(_class.Policy.ValidatorTimeout * _class.Policy.Validators.Count);      // one that hangs abstains in its own time: no worker has died of that
        var spec = _attempt.Spec;
        var request = new ValidationRequest(spec.Class.Name, spec.Class.Version, Attempt, spec.Payload, _machine.State.Artifact);
        var startedMs = Context.Clock.NowMs;
        IReadOnlyList<Validation> verdicts;
        try
        {
            verdicts = await worker.ValidateAsync(request, Stopping);
        }
        catch (OperationCanceledException) when (IsStopped)
        {
            return null;
        }

        if (IsStopped || HasEnded) return null;
        var verdict = Context.Judges.Combine(_class, verdicts);
        Witness.Heard(_machine, verdicts, verdict);
        return _machine.Judged(verdict, Context.Clock.NowMs - startedMs);
    }

    private Ledgers.Settlement? Settles(SupervisionDecision decision, Exception? failure) => decision.Action switch
    {
        SupervisionAction.Accept => Finish(Outcome.Converged, _machine.LastDecision.Decision.Reason),
        SupervisionAction.Terminate => Finish(Outcome.Unconverged, decision.Reason),
        SupervisionAction.Reject => Finish(Outcome.Rejected, _machine.State.Refusal is { } refusal ? $"{decision.Reason}: {refusal}" : decision.Reason),
        SupervisionAction.Exhaust => Finish(Outcome.BudgetExhausted, decision.Reason),
        SupervisionAction.Fail => Finish(Outcome.Failed, failure is null ? decision.Reason : Describe(failure)),
        _ => null,
    };

    private Ledgers.Settlement Finish(Outcome outcome, string? reason) => _machine.Finish(outcome, reason, Attempt, _attempt.ResumedAt);

    /// <summary>What another node left becomes our own first checkpoint: from here on our disk is enough.</summary>
    private void KeepBrought()
    {
        _attempt.IsBrought = false;
        Checkpoint();
    }

    /// <summary>Hands the boundary's state over and goes on.</summary>
    private void Checkpoint()
    {
        lock (Gate)
        {
            if (HasEndedLocked) return;      // the slot is the next run's
            if (Slot is not null)
            {
                Enter(Station.Checkpoint);
                Slot.Put(_machine.State);
            }

            _machine.ForgetDecisions();
            Boundary = _machine.State;
        }
    }

    /// <summary>Twice as long after each failure, and after each time that a model had too many calls; or as long as such a model asks for.</summary>
    private long PauseMs(Exception? failure)
    {
        var times = failure is ModelOverloadedException ? _machine.State.Overloads : _machine.State.Failures;
        var pauseMs = FirstPauseMs << Math.Clamp(times - 1, 0, 10);
        return failure is ModelOverloadedException { RetryAfter: { } retryAfter } ? Math.Max(pauseMs, (long)Math.Min(retryAfter.TotalMilliseconds, LongestPauseMs)) : pauseMs;
    }

    private NodeEvent End(RunEnding ending, long number = 0) => NodeEvent.RunEnded(_attempt, _number, ending, _machine.State, number: number);

    /// <summary>A task with a result leaves no checkpoint any more.</summary>
    protected override void Ending(in NodeEvent ended)
    {
        if (ended.Ending == RunEnding.Finished) Slot?.Close();
    }

    private void Enter(Station station) => Context.Stations?.Entered(station, Attempt.Task);

    /// <summary>The words come from a user's code and travel with the result, whose frame has a limit: they are cut to what a reader needs.</summary>
    private static string Describe(Exception error)
    {
        var words = $"{error.GetType().Name}: {error.Message}";
        return words.Length <= LongestReason ? words : $"{words[..LongestReason]}…";
    }
}
