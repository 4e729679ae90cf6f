using System.Diagnostics.CodeAnalysis;
using Rqml.Diagnostics;
using Rqml.Ledgers;
using Rqml.Models;
using Rqml.Models.Routing;
using Rqml.Nodes;
using Rqml.Scheduling;
using Rqml.Supervision;
using Rqml.Supervision.Votes;
using Rqml.Tasks;

namespace Rqml.Refinement;

/// <summary>
/// One attempt's loop as a pure machine: routes the passes of an iteration, takes what came of them, asks the policy, and says what follows. A resumed machine goes
/// on exactly as the one that was lost.
/// </summary>
internal sealed class RefinementMachine(TaskClassDefinition @class, TaskSpec spec, RefinementSnapshot resume, NodeId node, double difficulty = ExpectedDifficulty.Unknown, IStationObserver? stations = null)
{
    private readonly ClassPolicy _policy = @class.Policy;
    private readonly IterationBudget _budget = IterationBudget.Of(spec, @class.Policy);
    private readonly Router _router = new(@class, spec, difficulty);
    private int[] _plan = [];
    private DecisionRecord? _last;

    /// <summary>As of the last boundary.</summary>
    public RefinementSnapshot State { get; private set; } = resume.HeldTo(@class.Models.Count);

    /// <summary>The model that works next.</summary>
    public ModelDescriptor Model => @class.Models[State.Model];

    /// <summary>What was decided last.</summary>
    public DecisionRecord LastDecision => _last ?? throw new InvalidOperationException("Nothing has been decided.");

    /// <summary>What the last iteration made.</summary>
    public PassResult LastPass { get; private set; }

    /// <summary>The model that made it.</summary>
    public ModelDescriptor LastMaker { get; private set; } = @class.Models[0];

    /// <summary>Whether a vote has accepted the best artifact: no validator is asked again.</summary>
    public bool IsElected => _last is { Seen.Vote.Verdict: VoteVerdict.Accepted, Decision.Action: SupervisionAction.Accept };

    /// <summary>Passes of the next iteration, once it is routed.</summary>
    public int PassCount => _plan.Length;

    /// <summary>Route: the models that make the next iteration's passes.</summary>
    public void Route()
    {
        stations?.Entered(Station.Route, spec.Id);
        if (!State.IsRouted) State = State with { IsRouted = true, Model = _router.Choose(State, @class.Models, explore: false) };
        var wanted = Math.Max(_policy.RulePasses, State.Diversity);
        _plan = PassPlan.Choose(@class.Models, State.Model, Math.Max(1, Math.Min(wanted, _budget.PassesLeft(State))), anyTier: State.Diversity > 1);
    }

    /// <summary>The model of a pass of the iteration that was routed.</summary>
    public ModelDescriptor ModelOf(int pass) => @class.Models[_plan[pass]];

    /// <summary>A pass of the iteration that was routed, by its place from 0.</summary>
    public PassRequest Pass(int pass, Attempt attempt, DeviceLane lane, Action? beat)
    {
        var iteration = State.Iteration + 1;
        var number = (State.Failures * PassCount) + pass + 1;
        var info = new PassInfo(attempt, ModelOf(pass).Name, iteration, number, Seeds.OfPass(spec.Seed, iteration, number), lane);
        return new PassRequest(spec.Class.Name, spec.Class.Version, info, spec.Payload, State.Artifact, State.HasArtifact, beat) { Recent = [.. State.Recent.Select(recent => recent.Bytes)], Refusal = State.Refusal };
    }

    /// <summary>Assess and supervise: takes what the passes made, and decides.</summary>
    /// <param name="passes">What came of each pass, in their order; null of one that failed, and not all of them.</param>
    /// <param name="alike">Similarities of each two passes that made something, row by row; empty where nobody compared them.</param>
    /// <param name="elapsedMs">Time on a worker.</param>
    public SupervisionDecision Refined(ReadOnlySpan<PassResult?> passes, IReadOnlyList<double> alike, long elapsedMs)
    {
        stations?.Entered(Station.Assess, spec.Id);
        var made = PassComparison.Of(passes, alike);
        var pass = passes[made.Chosen]!.Value;
        LastPass = pass;
        LastMaker = ModelOf(made.Chosen);
        Charge(passes, elapsedMs);
        State = State.After(pass, _policy, ModelOf(made.Chosen).Tier, _plan[made.Chosen]);
        var evidence = Read(made.Consistency);
        var concern = _policy.Monitor.Look(State, _policy.AcceptAt ?? 1);
        if (concern is null) State = State.SteppedBack(_policy.Monitor);
        return Decide(See(ObservationKind.Refined) with { Evidence = evidence, Converged = Holds(evidence), Concern = concern });
    }

    /// <summary>All passes failed: the iteration was not made.</summary>
    /// <param name="elapsedMs">Time on a worker.</param>
    /// <param name="isOverloaded">Whether that was since the model had too many calls.</param>
    public SupervisionDecision Failed(long elapsedMs, bool isOverloaded = false)
    {
        Charge(new PassResult?[PassCount], elapsedMs);
        State = State with { Failures = State.Failures + 1 };
        return Decide(See(ObservationKind.PassFailed) with { IsOverloaded = isOverloaded });
    }

    /// <summary>The validators have judged what the policy accepted: where they accept it too that is on record, and the policy is asked no more.</summary>
    public SupervisionDecision Judged(in JointVerdict joint, long elapsedMs)
    {
        State = State with { ElapsedMs = State.ElapsedMs + elapsedMs };
        if (!joint.IsAccepted)
        {
            State = State.Refused(joint.Refusal);
            return Decide(Heard(ObservationKind.Rejected, joint));
        }

        var acceptable = joint.Opinions.Count(opinion => opinion.Judgement == Judgement.Accept);
        var decision = SupervisionDecision.Accept($"{LastDecision.Decision.Reason}; {acceptable} of {joint.Opinions.Count} validators accept");
        Record(new DecisionRecord(Heard(ObservationKind.Validated, joint), decision, _policy.Supervision.Version, node));
        return decision;
    }

    /// <summary>The vote that the policy has asked for: on the best artifact, by models of as many families as there are, those first that did not make it.</summary>
    public VoteCall CallVote()
    {
        var vote = _policy.Vote!;
        var maker = @class.Models[State.BestMaker];
        var order = @class.Models.OrderBy(model => model == maker).ThenBy(model => model.Family == maker.Family).ToArray();
        var voters = order.GroupBy(model => model.Family).SelectMany(family => family.Select((model, place) => (model, place))).OrderBy(choice => choice.place).Select(choice => choice.model).ToArray();
        var models = Enumerable.Range(0, vote.Voters).Select(place => voters[place % voters.Length]).Select(model => new VoterModel(model.Name, model.Device));
        return new VoteCall(spec, State.Best, [.. models], (long)vote.Deadline.TotalMilliseconds, vote.IsWeighted);
    }

    /// <summary>The vote that this task waited for has ended.</summary>
    public SupervisionDecision Voted(VoteTally tally, IReadOnlyList<Opinion> opinions)
    {
        State = State with { Vote = 0, Passes = State.Passes + tally.Voters, Cost = State.Cost + tally.Cost, Artifact = State.Best, Maker = State.BestMaker, Score = State.BestScore };
        return Decide(See(ObservationKind.Voted) with { Vote = tally, Opinions = opinions });
    }

    /// <summary>The settlement that ends the task here.</summary>
    public Settlement Finish(Outcome outcome, string? reason, Attempt attempt, int resumedAt)
    {
        _router.Learn(State, Model);

        // An accepted artifact is the one that was offered; whatever else ends a task leaves the best there was.
        var accepted = outcome == Outcome.Converged;
        return new Settlement
        {
            Outcome = outcome,
            Artifact = accepted ? State.Artifact : State.Best,
            HasArtifact = State.HasArtifact,
            Score = accepted ? State.Score : State.BestScore,
            Iterations = State.Iteration,
            Model = State.HasArtifact ? @class.Models[accepted ? State.Maker : State.BestMaker].Name : Model.Name,
            Tier = State.Tier,
            Node = node,
            Epoch = attempt.Epoch,
            Reason = reason,
            ResumedAt = resumedAt,
            Passes = State.Passes,
            Cost = State.Cost,
            ElapsedMs = State.ElapsedMs,
            Story = State.Story,
        };
    }

    /// <summary>The decisions up to here are in a checkpoint that is durable or on its way with all others.</summary>
    public void ForgetDecisions() => State = State with { Decisions = [] };

    private Observation Heard(ObservationKind kind, in JointVerdict joint) => See(kind) with { Converged = true, Disagreement = joint.Disagreement, Opinions = joint.Opinions };

    private Observation See(ObservationKind kind) => new()
    {
        Kind = kind,
        Iteration = State.Iteration,
        Model = Model.Name,
        Tier = Model.Tier,
        Maker = State.HasArtifact ? @class.Models[State.Maker].Name : null,
        Score = State.Score,
        BestScore = State.BestScore,
        AcceptAt = _policy.AcceptAt ?? double.NaN,
        Failures = State.Failures,
        Rejections = State.Rejections,
        Refusal = State.Refusal,
        NextModel = State.Model + 1 < @class.Models.Count ? @class.Models[State.Model + 1].Name : null,
        HasLargerModel = @class.Models[^1].Tier > Model.Tier,
        HasOtherModel = @class.Models.Count > 1,
        CanVote = _policy.Vote is { } vote && State.HasArtifact && vote.Voters <= _budget.PassesLeft(State) && spec.Payload.Length + State.Best.Length <= ClassPolicy.LargestValueBytes,
        Rung = State.Rung,
        Passes = State.Passes,
        Cost = State.Cost,
        ElapsedMs = State.ElapsedMs,
        BudgetLeft = _budget.IsLeft(State),
    };

    /// <summary>What each rule says, and for how long it has.</summary>
    private ConvergenceEvidence[] Read(double consistency)
    {
        if (_policy.Rules.Count == 0) return [];
        double[] similarities = [.. State.Similarities];
        var seen = new IterationEvidence(similarities, consistency, State.Novelty);
        var evidence = new ConvergenceEvidence[_policy.Rules.Count];
        for (var index = 0; index < evidence.Length; index++)
        {
            var rule = _policy.Rules[index];
            var reading = rule.Read(seen);
            var held = reading.Holds ? (index < State.Held.Count ? State.Held[index] : 0) + 1 : 0;
            evidence[index] = new ConvergenceEvidence(rule.GetType().Name, reading.Value, rule.Threshold, held, rule.Patience);
        }

        State = State with { Held = [.. evidence.Select(one => one.HeldFor)] };
        return evidence;
    }

    private bool Holds(ConvergenceEvidence[] evidence)
    {
        if (evidence.Length == 0) return false;
        return _policy.AnyRule ? Array.Exists(evidence, one => one.Holds) : Array.TrueForAll(evidence, one => one.Holds);
    }

    private void Charge(ReadOnlySpan<PassResult?> passes, long elapsedMs)
    {
        var cost = State.Cost;
        var used = State.Used;
        for (var pass = 0; pass < passes.Length; pass++)
        {
            cost += passes[pass] is { Cost: var stated } && !double.IsNaN(stated) ? stated : ModelOf(pass).Cost;
            used |= 1UL << _plan[pass];
        }

        State = State with { Passes = State.Passes + passes.Length, Cost = cost, Used = used, ElapsedMs = State.ElapsedMs + elapsedMs };
    }

    private SupervisionDecision Decide(Observation seen)
    {
        stations?.Entered(Station.Supervise, spec.Id);
        var decision = DecisionCheck.Hold(Ask(seen), seen, @class);
        Record(new DecisionRecord(seen, decision, _policy.Supervision.Version, node));
        Apply(decision);
        return decision;
    }

    private void Record(DecisionRecord record)
    {
        _last = record;
        State = State.Recorded(record);
    }

    [SuppressMessage("Design", "CA1031", Justification = "The policy is a user's: whatever it throws ends the task with an error that names the policy.")]
    private SupervisionDecision Ask(Observation seen)
    {
        try
        {
            return _policy.Supervision.Decide(seen);
        }
        catch (Exception error)
        {
            throw new PolicyFailedException(spec.Class.Name, _policy.Supervision.GetType(), $"threw {error.GetType().Name}: {error.Message}", error);
        }
    }

    /// <summary>Whatever changes the way of working begins a new stint: from the best artifact, with a history of its own.</summary>
    private void Apply(SupervisionDecision decision)
    {
        if (decision.Rung is { } rung) State = State with { Rung = rung };
        switch (decision.Action)
        {
            case SupervisionAction.Escalate:
                Switch(_router.Choose(State, [.. @class.Models.Where(model => model.Tier > Model.Tier)], State.Explores));
                break;
            case SupervisionAction.SwitchModel:
                Switch(@class.IndexOf(decision.Model!));
                break;
            case SupervisionAction.Reroute:
                State = State with { Explores = true };
                Switch(_router.Choose(State, [.. @class.Models.Where(model => model != Model)], explore: true));
                break;
            case SupervisionAction.Diversify:
                State = State with { Diversity = _policy.DiversePasses };
                Switch(State.Model);
                break;
            case SupervisionAction.Accept:
                State = State.Offering();
                break;
            case SupervisionAction.Vote:
                State = State with { Votes = State.Votes + 1, Vote = State.Votes + 1 };
                break;
        }
    }

    private void Switch(int model)
    {
        _router.Learn(State, Model);
        State = State.InNewStint(model);
    }
}
