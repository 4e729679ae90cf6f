using Rqml.Messaging;
using Rqml.Models;
using Rqml.Refinement;
using Rqml.Supervision;
using Rqml.Supervision.Events;

namespace Rqml.Nodes;

/// <summary>Tells others what a run has seen: the task's watchers, the operator, and whoever listens to events. Decides nothing.</summary>
internal readonly struct RunWitness(RunContext context, NodeAttempt attempt, TaskClassDefinition @class)
{
    /// <summary>An iteration was made and judged.</summary>
    /// <param name="machine">As it is after the iteration.</param>
    /// <param name="made">What the passes made.</param>
    /// <param name="isWatched">Whether somebody watches the task's iterations.</param>
    public void Saw(RefinementMachine machine, in IterationResult made, bool isWatched)
    {
        var record = machine.LastDecision;
        if (record.Seen.Concern is { Kind: ConcernKind.Divergence }) context.Events.ScoreFell(Origin(machine), record.Seen.Score, record.Seen.BestScore, record.Seen.Model);
        context.Events.NoveltyMeasured(Origin(machine), machine.Novelty, record.Seen.Score);
        if (made.Alike.Count > 0) Compared(machine, [.. made.Results], made.Alike.Average());
        if (!isWatched) return;
        context.Progress(attempt, new IterationReport(machine.Iteration, machine.LastPass.Artifact, record.Seen.Score, machine.LastPass.Similarity, machine.LastMaker.Name, machine.Tier, context.Node)
        {
            Novelty = machine.Novelty,
            Consistency = made.Alike.Count == 0 ? double.NaN : made.Alike.Average(),
            Concern = record.Seen.Concern,
            Action = record.Decision.Action,
            Reason = record.Decision.Reason,
        });
    }

    private void Compared(RefinementMachine machine, PassResult?[] results, double consistency)
    {
        var compared = Enumerable.Range(0, results.Length).Where(pass => results[pass] is not null).ToArray();
        string[] models = [.. compared.Select(pass => machine.ModelOf(pass).Name).Distinct()];
        context.Events.ConsistencyMeasured(Origin(machine), consistency, compared.Length, models);
        context.Events.PassesCompared(Origin(machine), 1 - consistency, models);
    }

    /// <summary>The validators have spoken.</summary>
    public void Heard(RefinementMachine machine, IReadOnlyList<Validation> verdicts, in JointVerdict joint)
    {
        for (var index = 0; index < verdicts.Count; index++)
        {
            if (verdicts[index].HasFailed) context.ValidatorFailed(attempt, @class.Policy.Validators[index].Name, verdicts[index].Reason);
        }

        if (verdicts.Count > 1) context.Events.ValidatorsJudged(Origin(machine), joint.Disagreement, [.. @class.Policy.Validators.Select(validator => validator.Name)]);
    }

    private EventOrigin Origin(RefinementMachine machine) => EventOrigin.OfIteration(attempt.Attempt, @class.Key.Name, machine.Iteration);
}
