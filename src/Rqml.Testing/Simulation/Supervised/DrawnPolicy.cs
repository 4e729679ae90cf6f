using Rqml.Supervision;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>
/// A policy that nobody would write: what it decides is drawn from a seed and from all that was seen, foolish decisions among it. The same observation gives the
/// same decision, also when it was read from a disk.
/// </summary>
internal sealed class DrawnPolicy(ulong seed, IReadOnlyList<ModelDescriptor> models) : ISupervisionPolicy
{
    private const int LongReason = 700;      // more than is kept

    public int Version => 7_000 + (int)(seed % 100);

    public SupervisionDecision Decide(Observation seen)
    {
        var drawn = Print(seen);
        if (drawn.With("foolish").Draw(80) == 0) return Foolish(drawn.With("which"));
        var decision = Sensible(seen, drawn.With("sensible"));
        var words = drawn.With("words").Draw(50) == 0 ? new string('w', LongReason) : $"drawn from {seen.Kind}";
        return decision with { Reason = words, Rung = drawn.With("rung").Draw(4) == 0 ? drawn.With("which rung").Draw(5) : null };
    }

    private SupervisionDecision Sensible(Observation seen, Hash drawn)
    {
        var action = drawn.Draw(100) switch
        {
            < 31 => SupervisionAction.Continue,
            < 43 => SupervisionAction.Vote,
            < 57 => SupervisionAction.Accept,
            < 63 => SupervisionAction.Retry,
            < 71 => SupervisionAction.Escalate,
            < 78 => SupervisionAction.Reroute,
            < 84 => SupervisionAction.SwitchModel,
            < 91 => SupervisionAction.Diversify,
            < 94 => SupervisionAction.Terminate,
            < 95 => SupervisionAction.Exhaust,
            < 98 => SupervisionAction.Fail,
            _ => SupervisionAction.Reject,
        };
        var isPossible = action switch
        {
            SupervisionAction.Vote => seen.CanVote,
            SupervisionAction.Accept => seen.Iteration > 0 && seen.Kind != ObservationKind.Rejected,
            SupervisionAction.Escalate => seen.HasLargerModel,
            SupervisionAction.Reroute => seen.HasOtherModel,
            _ => true,
        };
        if (!isPossible) action = SupervisionAction.Continue;
        return new SupervisionDecision(action, "") { Model = action == SupervisionAction.SwitchModel ? models[drawn.With("model").Draw(models.Count)].Name : null };
    }

    private static SupervisionDecision Foolish(Hash drawn) => drawn.Draw(7) switch
    {
        0 => new SupervisionDecision((SupervisionAction)77, "there is no such thing"),
        1 => SupervisionDecision.SwitchTo("nobody", "a model that there is not"),
        2 => new SupervisionDecision(SupervisionAction.Escalate, "whether there is a larger model or not"),
        3 => new SupervisionDecision(SupervisionAction.Vote, "whether somebody votes or not"),
        4 => SupervisionDecision.Accept("whatever was said of it"),
        5 => SupervisionDecision.Continue(null!) with { Rung = drawn.With("rung").Draw(2) * 5_000 },
        _ => throw new InvalidOperationException("The policy stumbled."),
    };

    /// <summary>Of all that was seen: what a record loses would change the decision.</summary>
    private Hash Print(Observation seen)
    {
        var hash = new Hash(seed).With((ulong)seen.Kind).With((ulong)seen.Iteration).With(seen.Model).With((ulong)seen.Tier).With(seen.Score).With(seen.BestScore).With(seen.AcceptAt)
            .With(seen.Converged ? 1UL : 0).With((ulong)seen.Failures).With((ulong)seen.Rejections).With(seen.Refusal).With(seen.Disagreement).With(seen.NextModel)
            .With(seen.HasLargerModel ? 1UL : 0).With(seen.HasOtherModel ? 1UL : 0).With(seen.CanVote ? 1UL : 0).With((ulong)seen.Rung).With((ulong)seen.Passes).With(seen.Cost)
            .With((ulong)seen.ElapsedMs).With(seen.BudgetLeft ? 1UL : 0);
        if (seen.Concern is { } concern) hash = hash.With((ulong)concern.Kind).With((ulong)concern.From).With((ulong)concern.To).With(concern.Value);
        if (seen.Vote is { } vote) hash = hash.With((ulong)vote.Verdict).With((ulong)vote.Voters).With((ulong)vote.Accepts).With((ulong)vote.Rejects).With(vote.Weight).With(vote.Cost);
        return seen.Evidence.Aggregate(hash, (print, one) => print.With(one.Rule).With(one.Value).With(one.Threshold).With((ulong)one.HeldFor).With((ulong)one.Patience));
    }
}
