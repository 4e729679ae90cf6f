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
    private RefinementSnapshot _state = resume.HeldTo(@class.Models.Count);
    private bool _isShown = true;
    private bool _isPersisted = true;      // what a run begins with has left its decisions with the checkpoints of the run before
    private DecisionRecord? _last;
    private bool _isRouted;

    /// <summary>As of the last boundary.</summary>
    public RefinementSnapshot State
    {
        get
        {
            _isShown = true;
            return _state;
        }
        private set => (_state, _isShown) = (value, false);
    }

    /// <summary>Iterations done.</summary>
    public int Iteration => _state.Iteration;

    /// <summary>What the newest artifact brought that was new; NaN where no rule asks.</summary>
    public double Novelty => _state.Novelty;

    /// <summary>The highest tier that has worked.</summary>
    public int Tier => _state.Tier;

    /// <summary>The model that works next.</summary>
    public ModelDescriptor Model => @class.Models[_state.Model];

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
        if (!_state.IsRouted && !_isRouted)
        {
            // What follows says that it is routed, wherever it begins: a copy is made only for another model than the first.
            _isRouted = true;
            if (_router.Choose(_state, @class.Models, explore: false) is var first && first != _state.Model) State = _state with { IsRouted = true, Model = first };
        }

        var wanted = Math.Max(_policy.RulePasses, _state.Diversity);
        _plan = PassPlan.Choose(@class.Models, _state.Model, Math.Max(1, Math.Min(wanted, _budget.PassesLeft(_state))), anyTier: _state.Diversity > 1);
    }

    /// <summary>The model of a pass of the iteration that was routed.</summary>
    public ModelDescriptor ModelOf(int pass) => @class.Models[_plan[pass]];

    /// <summary>A pass of the iteration that was routed, by its place from 0.</summary>
    public PassRequest Pass(int pass, Attempt attempt, DeviceLane lane, Action? beat)
    {
        var iteration = _state.Iteration + 1;
        var number = (_state.Tries * PassCount) + pass + 1;
        var info = new PassInfo(attempt, ModelOf(pass).Name, iteration, number, Seeds.OfPass(spec.Seed, iteration, number), lane);
        return new PassRequest(spec.Class.Name, spec.Class.Version, info, spec.Payload, _state.Artifact, _state.HasArtifact, beat) { Recent = _state.Recent.Count == 0 ? [] : new RecentBytes(_state.Recent), Refusal = _state.Refusal };
    }

    /// <summary>Assess and supervise: takes what the passes made, and decides.</summary>
    /// <param name="passes">What came of each pass, in their order; null of one that failed, and not all of them.</param>
    /// <param name="alike">Similarities of each two passes that made something, row by row; empty where nobody compared them.</param>
    /// <param name="elapsedMs">Time on a worker.</param>
    /// <param name="wasted">What the passes that failed cost; null: what they are declared to cost.</param>
    public SupervisionDecision Refined(ReadOnlySpan<PassResult?> passes, IReadOnlyList<double> alike, long elapsedMs, double? wasted = null)
    {
        stations?.Entered(Station.Assess, spec.Id);
        var made = PassComparison.Of(passes, alike);
        var pass = passes[made.Chosen]!.Value;
        LastPass = pass;
        LastMaker = ModelOf(made.Chosen);
        State = _state.After(pass, _policy, LastMaker.Tier, _plan[made.Chosen], ChargeOf(passes, wasted, elapsedMs));
        var evidence = Read(made.Consistency);
        var concern = _policy.Monitor.Look(_state, _policy.AcceptAt ?? 1);
        if (concern is null) State = _state.SteppedBack(_policy.Monitor);
        return Decide(See(ObservationKind.Refined, evidence, Holds(evidence), concern));
    }

    /// <summary>All passes failed: the iteration was not made.</summary>
    /// <param name="elapsedMs">Time on a worker.</param>
    /// <param name="isOverloaded">Whether that was since the model had too many calls.</param>
    /// <param name="wasted">What the passes cost; null: what they are declared to cost.</param>
    public SupervisionDecision Failed(long elapsedMs, bool isOverloaded = false, double? wasted = null)
    {
        State = _state.Failed(ChargeOf(new PassResult?[PassCount], wasted, elapsedMs), isOverloaded);
        return Decide(See(ObservationKind.PassFailed, isOverloaded: isOverloaded));
    }

    /// <summary>The validators have judged what the policy accepted: where they accept it too that is on record, and the policy is asked no more.</summary>
    public SupervisionDecision Judged(in JointVerdict joint, long elapsedMs)
    {
        State = _state with { ElapsedMs = _state.ElapsedMs + elapsedMs, Cost = _state.Cost + joint.Cost };
        if (!joint.IsAccepted)
        {
            State = _state.Refused(joint.Refusal);
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
        var maker = @class.Models[_state.BestMaker];
        var order = @class.Models.OrderBy(model => model == maker).ThenBy(model => model.Family == maker.Family).ToArray();
        var voters = order.GroupBy(model => model.Family).SelectMany(family => family.Select((model, place) => (model, place))).OrderBy(choice => choice.place).Select(choice => choice.model).ToArray();
        var models = Enumerable.Range(0, vote.Voters).Select(place => voters[place % voters.Length]).Select(model => new VoterModel(model.Name, model.Device));
        return new VoteCall(spec, _state.Best, [.. models], (long)vote.Deadline.TotalMilliseconds, vote.IsWeighted);
    }

    /// <summary>The vote that this task waited for has ended.</summary>
    public SupervisionDecision Voted(VoteTally tally, IReadOnlyList<Opinion> opinions)
    {
        State = _state with { Vote = 0, Passes = _state.Passes + tally.Voters, Cost = _state.Cost + tally.Cost, Artifact = _state.Best, Maker = _state.BestMaker, Score = _state.BestScore };
        return Decide(See(ObservationKind.Voted, opinions: opinions, vote: tally));
    }

    /// <summary>The settlement that ends the task here.</summary>
    public Settlement Finish(Outcome outcome, string? reason, Attempt attempt, int resumedAt)
    {
        _router.Learn(_state, Model);

        // An accepted artifact is the one that was offered; whatever else ends a task leaves the best there was.
        var accepted = outcome == Outcome.Converged;
        return new Settlement
        {
            Outcome = outcome,
            Artifact = accepted ? _state.Artifact : _state.Best,
            HasArtifact = _state.HasArtifact,
            Score = accepted ? _state.Score : _state.BestScore,
            Iterations = _state.Iteration,
            Model = _state.HasArtifact ? @class.Models[accepted ? _state.Maker : _state.BestMaker].Name : Model.Name,
            Tier = _state.Tier,
            Node = node,
            Epoch = attempt.Epoch,
            Reason = reason,
            ResumedAt = resumedAt,
            Passes = _state.Passes,
            Cost = _state.Cost,
            ElapsedMs = _state.ElapsedMs,
            Story = _state.Story,
        };
    }

    /// <summary>The decisions up to here are in a checkpoint that is durable or on its way with all others.</summary>
    public void ForgetDecisions() => _isPersisted = true;

    private Observation Heard(ObservationKind kind, in JointVerdict joint) => See(kind, converged: true, opinions: joint.Opinions, disagreement: joint.Disagreement);

    private Observation See(
        ObservationKind kind, ConvergenceEvidence[]? evidence = null, bool converged = false, Concern? concern = null, IReadOnlyList<Opinion>? opinions = null,
        double disagreement = double.NaN, VoteTally? vote = null, bool isOverloaded = false) => new()
        {
            Kind = kind,
            Evidence = evidence ?? [],
            Converged = converged,
            Concern = concern,
            Opinions = opinions ?? [],
            Disagreement = disagreement,
            Vote = vote,
            IsOverloaded = isOverloaded,
            Iteration = _state.Iteration,
            Model = Model.Name,
            Tier = Model.Tier,
            Maker = _state.HasArtifact ? @class.Models[_state.Maker].Name : null,
            Score = _state.Score,
            BestScore = _state.BestScore,
            AcceptAt = _policy.AcceptAt ?? double.NaN,
            Failures = _state.Failures,
            Rejections = _state.Rejections,
            Refusal = _state.Refusal,
            NextModel = _state.Model + 1 < @class.Models.Count ? @class.Models[_state.Model + 1].Name : null,
            HasLargerModel = @class.Models[^1].Tier > Model.Tier,
            HasOtherModel = @class.Models.Count > 1,
            CanVote = _policy.Vote is { } voting && _state.HasArtifact && voting.Voters <= _budget.PassesLeft(_state) && spec.Payload.Length + _state.Best.Length <= ClassPolicy.LargestValueBytes,
            Rung = _state.Rung,
            Passes = _state.Passes,
            Cost = _state.Cost,
            ElapsedMs = _state.ElapsedMs,
            BudgetLeft = _budget.IsLeft(_state),
        };

    /// <summary>What each rule says, and for how long it has.</summary>
    private ConvergenceEvidence[] Read(double consistency)
    {
        if (_policy.Rules.Count == 0) return [];
        double[] similarities = [.. _state.Similarities];
        var seen = new IterationEvidence(similarities, consistency, _state.Novelty);
        var evidence = new ConvergenceEvidence[_policy.Rules.Count];
        for (var index = 0; index < evidence.Length; index++)
        {
            var rule = _policy.Rules[index];
            var reading = rule.Read(seen);
            var held = reading.Holds ? (index < _state.Held.Count ? _state.Held[index] : 0) + 1 : 0;
            evidence[index] = new ConvergenceEvidence(rule.GetType().Name, reading.Value, rule.Threshold, held, rule.Patience);
        }

        var heldFor = new int[evidence.Length];
        for (var index = 0; index < heldFor.Length; index++) heldFor[index] = evidence[index].HeldFor;
        Own().Held = heldFor;
        return evidence;
    }

    private bool Holds(ConvergenceEvidence[] evidence)
    {
        if (evidence.Length == 0) return false;
        return _policy.AnyRule ? Array.Exists(evidence, one => one.Holds) : Array.TrueForAll(evidence, one => one.Holds);
    }

    private PassCharge ChargeOf(ReadOnlySpan<PassResult?> passes, double? wasted, long elapsedMs)
    {
        var (cost, used) = (wasted ?? 0, 0UL);
        for (var pass = 0; pass < passes.Length; pass++)
        {
            if (passes[pass] is { } made) cost += double.IsNaN(made.Cost) ? ModelOf(pass).Cost : made.Cost;
            else if (wasted is null) cost += ModelOf(pass).Cost;
            used |= 1UL << _plan[pass];
        }

        return new PassCharge(passes.Length, cost, used, elapsedMs);
    }

    private SupervisionDecision Decide(Observation seen)
    {
        stations?.Entered(Station.Supervise, spec.Id);
        var decision = DecisionCheck.Hold(Ask(seen), seen, @class);
        Record(new DecisionRecord(seen, decision, _policy.Supervision.Version, node));
        Apply(decision);
        return decision;
    }

    /// <summary>A state that nobody else has seen yet: the one of this iteration, as a rule, and else a copy.</summary>
    private RefinementSnapshot Own()
    {
        if (_isShown) State = _state with { };
        return _state;
    }

    private void Record(DecisionRecord record)
    {
        _last = record;
        var own = Own();
        own.Story = own.Story.Add(record);
        own.Decisions = (_isPersisted ? DecisionChain.None : own.Decisions).Add(record);
        _isPersisted = false;
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
        if (decision.Rung is { } rung) State = _state with { Rung = rung };
        switch (decision.Action)
        {
            case SupervisionAction.Escalate:
                Switch(_router.Choose(_state, [.. @class.Models.Where(model => model.Tier > Model.Tier)], _state.Explores));
                break;
            case SupervisionAction.SwitchModel:
                Switch(@class.IndexOf(decision.Model!));
                break;
            case SupervisionAction.Reroute:
                State = _state with { Explores = true };
                Switch(_router.Choose(_state, [.. @class.Models.Where(model => model != Model)], explore: true));
                break;
            case SupervisionAction.Diversify:
                State = _state with { Diversity = _policy.DiversePasses };
                Switch(_state.Model);
                break;
            case SupervisionAction.Accept:
                if (_state.Offering() is var offered && !ReferenceEquals(offered, _state)) State = offered;
                break;
            case SupervisionAction.Vote:
                State = _state with { Votes = _state.Votes + 1, Vote = _state.Votes + 1 };
                break;
        }
    }

    private void Switch(int model)
    {
        _router.Learn(_state, Model);
        State = _state.InNewStint(model);
    }
}
