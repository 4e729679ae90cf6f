using System.Diagnostics.CodeAnalysis;
using Rqml.Diagnostics;
using Rqml.Ledgers;
using Rqml.Models;
using Rqml.Nodes;
using Rqml.Supervision;
using Rqml.Tasks;

namespace Rqml.Refinement;

/// <summary>
/// One attempt's loop as a pure machine: routes a pass, takes what came of it, asks the policy, and says what follows. A resumed machine goes on
/// exactly as the one that was lost.
/// </summary>
internal sealed class RefinementMachine(TaskClassDefinition @class, TaskSpec spec, RefinementSnapshot resume, IStationObserver? stations = null)
{
    private readonly ClassPolicy _policy = @class.Policy;
    private readonly int _maxIterations = spec.Budget.Iterations ?? @class.Policy.MaxIterations;
    private readonly long _maxElapsedMs = (long)(spec.Budget.Time ?? @class.Policy.MaxTime).TotalMilliseconds;
    private readonly double _maxCost = spec.Budget.Cost ?? @class.Policy.MaxCost;

    /// <summary>As of the last boundary.</summary>
    public RefinementSnapshot State { get; private set; } = resume.Model < @class.Models.Count ? resume : resume with { Model = @class.Models.Count - 1 };

    /// <summary>The model that works next.</summary>
    public ModelDescriptor Model => @class.Models[State.Model];

    /// <summary>Route: the pass to make next. The simple router stays with the current model until it is told to escalate.</summary>
    public PassRequest Route(Attempt attempt, DeviceLane lane, Action? beat)
    {
        stations?.Entered(Station.Route, spec.Id);
        var iteration = State.Iteration + 1;
        var pass = State.Failures + 1;
        var info = new PassInfo(attempt, Model.Name, iteration, pass, Seeds.OfPass(spec.Seed, iteration, pass), lane);
        return new PassRequest(spec.Class.Name, spec.Class.Version, info, spec.Payload, State.Artifact, State.HasArtifact, beat);
    }

    /// <summary>Assess and supervise: takes the artifact of a pass and decides.</summary>
    public SupervisionDecision Refined(in PassResult pass, long elapsedMs)
    {
        stations?.Entered(Station.Assess, spec.Id);
        var similarities = Append(State.Similarities, pass.Similarity);
        var converged = _policy.Rules.Count > 0;
        foreach (var rule in _policy.Rules) converged &= rule.Evaluate(similarities).Holds;

        // Without scores the newest artifact is the best; of equal scores the newer one.
        var isBest = double.IsNaN(pass.Score) || double.IsNaN(State.BestScore) || pass.Score >= State.BestScore;
        State = State with
        {
            Iteration = State.Iteration + 1,
            Tier = Math.Max(State.Tier, Model.Tier),
            Artifact = pass.Artifact,
            HasArtifact = true,
            Score = pass.Score,
            Best = isBest ? pass.Artifact : State.Best,
            BestScore = isBest ? pass.Score : State.BestScore,
            BestIteration = isBest ? State.Iteration + 1 : State.BestIteration,
            Similarities = similarities,
            Failures = 0,
            ElapsedMs = State.ElapsedMs + elapsedMs,
            Cost = State.Cost + (double.IsNaN(pass.Cost) ? Model.Cost : pass.Cost),
        };
        return Decide(ObservationKind.Refined, converged);
    }

    /// <summary>A pass failed: the iteration was not made.</summary>
    public SupervisionDecision Failed(long elapsedMs)
    {
        State = State with { Failures = State.Failures + 1, ElapsedMs = State.ElapsedMs + elapsedMs, Cost = State.Cost + Model.Cost };
        return Decide(ObservationKind.PassFailed, converged: false);
    }

    /// <summary>The validators refused the converged artifact.</summary>
    public SupervisionDecision Rejected()
    {
        State = State with { Rejections = State.Rejections + 1 };
        return Decide(ObservationKind.Rejected, converged: true);
    }

    /// <summary>The settlement that ends the task here.</summary>
    public Settlement Finish(Outcome outcome, string? reason, Attempt attempt, NodeId node, int resumedAt)
    {
        // An accepted artifact is the current one; whatever else ends a task leaves the best there was.
        var accepted = outcome == Outcome.Converged;
        return new Settlement
        {
            Outcome = outcome,
            Artifact = accepted ? State.Artifact : State.Best,
            HasArtifact = State.HasArtifact,
            Score = accepted ? State.Score : State.BestScore,
            Iterations = State.Iteration,
            Model = Model.Name,
            Tier = State.Tier,
            Node = node,
            Epoch = attempt.Epoch,
            Reason = reason,
            ResumedAt = resumedAt,
        };
    }

    /// <summary>The decisions up to here are in a checkpoint that is durable or on its way with all others.</summary>
    public void ForgetDecisions() => State = State with { Decisions = [] };

    private SupervisionDecision Decide(ObservationKind kind, bool converged)
    {
        stations?.Entered(Station.Supervise, spec.Id);
        var seen = new Observation(
            kind, State.Iteration, State.Score, State.BestScore, _policy.AcceptAt ?? double.NaN, converged,
            State.Failures, State.Rejections, Model.Tier, State.Model + 1 < @class.Models.Count, HasBudget());
        var decision = Ask(seen);
        var record = new DecisionRecord(seen, decision, _policy.Supervision.Version, Model.Name);
        State = State with { Decisions = [.. State.Decisions, record] };
        if (decision == SupervisionDecision.Escalate) Escalate();
        return decision;
    }

    /// <summary>
    /// What the policy decides, held to what cannot be otherwise: a decision that exists, an artifact where one is accepted, and a budget that holds whatever
    /// the policy says.
    /// </summary>
    private SupervisionDecision Ask(in Observation seen)
    {
        var decision = Decided(seen);
        if (!Enum.IsDefined(decision)) throw new PolicyFailedException(spec.Class.Name, _policy.Supervision.GetType(), $"decided {(int)decision}, which is no decision");
        if (decision == SupervisionDecision.Accept && !State.HasArtifact) throw new PolicyFailedException(spec.Class.Name, _policy.Supervision.GetType(), "accepted, and there is no artifact");
        var goesOn = decision is SupervisionDecision.Continue or SupervisionDecision.Retry or SupervisionDecision.Escalate;
        return goesOn && !seen.BudgetLeft ? SupervisionDecision.Exhaust : decision;
    }

    [SuppressMessage("Design", "CA1031", Justification = "The policy is a user's: whatever it throws ends the task with an error that names the policy.")]
    private SupervisionDecision Decided(in Observation seen)
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

    /// <summary>The next model starts from the best artifact, with a history of its own.</summary>
    private void Escalate()
    {
        State = State with
        {
            Model = Math.Min(State.Model + 1, @class.Models.Count - 1),
            Artifact = State.HasArtifact ? State.Best : default,
            Score = State.BestScore,
            Similarities = [],
            Failures = 0,
            Rejections = 0,
        };
    }

    private bool HasBudget() => State.Iteration < _maxIterations && State.ElapsedMs < _maxElapsedMs && State.Cost < _maxCost;

    private double[] Append(IReadOnlyList<double> similarities, double similarity)
    {
        if (double.IsNaN(similarity)) return [.. similarities];
        var window = 0;
        foreach (var rule in _policy.Rules) window = Math.Max(window, rule.Window);
        return [.. similarities.Skip(Math.Max(0, similarities.Count + 1 - window)), similarity];
    }
}
