using Rqml.Nodes;
using Rqml.Supervision;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>
/// What a task has come to between two iterations, as the judge works it out from what models, voters and policies said. It knows nothing of the snapshots that the
/// engine keeps. Immutable.
/// </summary>
internal sealed record Boundary
{
    public static Boundary Beginning { get; } = new();

    public int Iteration { get; init; }

    public int Passes { get; init; }

    public double Cost { get; init; }

    public int Failures { get; init; }

    public int Rejections { get; init; }

    public int Rung { get; init; }

    /// <summary>Votes that were called.</summary>
    public int Votes { get; init; }

    /// <summary>Number of the vote that the task waits for; 0 where it waits for none.</summary>
    public int Vote { get; init; }

    public ReadOnlyMemory<byte> Artifact { get; init; }

    public ReadOnlyMemory<byte> Best { get; init; }

    public double Score { get; init; } = double.NaN;

    public double BestScore { get; init; } = double.NaN;

    /// <summary>The iteration that made the best artifact.</summary>
    public int BestAt { get; init; }

    /// <summary>That of the best artifact which validators refused last; 0 where they have refused none.</summary>
    public int RefusedAt { get; init; }

    /// <summary>Whether the artifact can be told: of several passes without scores the one that is most like the others goes on.</summary>
    public bool IsArtifactKnown { get; init; } = true;

    /// <summary>Every decision up to here, oldest first.</summary>
    public IReadOnlyList<DecisionRecord> Decided { get; init; } = [];

    /// <summary>With what an iteration's passes came to. Of several the best goes on, the first among equals.</summary>
    public Boundary With(IReadOnlyList<PassSeen> passes, Func<string, double> declared)
    {
        var made = this with { Passes = Passes + passes.Count, Cost = Cost + passes.Sum(pass => CostOf(pass, declared)) };
        var results = passes.Where(pass => pass.Result is not null).OrderBy(pass => pass.Number).Select(pass => pass.Result!.Value).ToArray();
        if (results.Length == 0) return made with { Failures = Failures + 1 };
        var chosen = results.Aggregate((first, next) => next.Score > first.Score ? next : first);
        var isBest = double.IsNaN(chosen.Score) || double.IsNaN(BestScore) || chosen.Score >= BestScore;
        return made with
        {
            Iteration = Iteration + 1,
            Failures = 0,
            Artifact = chosen.Artifact,
            Best = isBest ? chosen.Artifact : Best,
            Score = chosen.Score,
            BestScore = isBest ? chosen.Score : BestScore,
            BestAt = isBest ? Iteration + 1 : BestAt,
            IsArtifactKnown = results.Length == 1 || !double.IsNaN(chosen.Score),
        };
    }

    /// <summary>With a vote that has ended: it was about the best artifact, which the task goes on with.</summary>
    public Boundary With(VoteTally tally) => this with { Vote = 0, Passes = Passes + tally.Voters, Cost = Cost + tally.Cost, Artifact = Best, Score = BestScore };

    /// <summary>With what the validators took for their verdicts.</summary>
    public Boundary With(IReadOnlyList<Validation> verdicts) => this with { Cost = Cost + verdicts.Sum(verdict => verdict.Cost) };

    /// <summary>With a refusal by the validators.</summary>
    public Boundary Refused() => this with { Rejections = Rejections + 1, RefusedAt = Artifact.Span.SequenceEqual(Best.Span) ? BestAt : RefusedAt };

    /// <summary>With a decision: whatever changes the way of working goes on from the best artifact, and what is accepted is the best unless that was refused.</summary>
    public Boundary With(DecisionRecord record)
    {
        var decided = this with { Decided = [.. Decided, record], Rung = record.Decision.Rung ?? record.Seen.Rung };
        return record.Decision.Action switch
        {
            SupervisionAction.Escalate or SupervisionAction.SwitchModel or SupervisionAction.Reroute or SupervisionAction.Diversify => decided with { Artifact = Best, Score = BestScore, Failures = 0, Rejections = 0 },
            SupervisionAction.Accept when BestScore > Score && BestAt != RefusedAt => decided with { Artifact = Best, Score = BestScore },
            SupervisionAction.Vote => decided with { Votes = Votes + 1, Vote = Votes + 1 },
            _ => decided,
        };
    }

    /// <summary>Whether a model may make the next iteration's first pass: after a change only one that the change allows, else the same as before.</summary>
    public bool Allows(string model, Func<string, int> tierOf)
    {
        if (Decided.Count == 0) return true;
        var (before, decision) = (Decided[^1].Seen.Model, Decided[^1].Decision);
        return decision.Action switch
        {
            SupervisionAction.Escalate => tierOf(model) > tierOf(before),
            SupervisionAction.Reroute => model != before,
            SupervisionAction.SwitchModel => model == decision.Model,
            _ => model == before,
        };
    }

    private static double CostOf(PassSeen pass, Func<string, double> declared) => pass.Result is { Cost: var stated } && !double.IsNaN(stated) ? stated : pass.Wasted ?? declared(pass.Model);
}

/// <summary>A pass as its worker made it; without a result where it failed, and then with what it said that it cost.</summary>
internal readonly record struct PassSeen(int Number, string Model, PassResult? Result, double? Wasted = null);
