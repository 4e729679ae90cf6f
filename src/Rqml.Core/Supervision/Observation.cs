namespace Rqml.Supervision;

/// <summary>What the loop saw at an iteration boundary: all that a policy may go by. Immutable.</summary>
public sealed record Observation
{
    /// <summary>What happened.</summary>
    public required ObservationKind Kind { get; init; }

    /// <summary>Iterations done, or for a failed pass the ones before it.</summary>
    public required int Iteration { get; init; }

    /// <summary>Name of the current model.</summary>
    public required string Model { get; init; }

    /// <summary>Tier of the current model.</summary>
    public int Tier { get; init; }

    /// <summary>Name of the model that made the artifact; null while there is none.</summary>
    public string? Maker { get; init; }

    /// <summary>The artifact's score; NaN where nothing scores the class.</summary>
    public double Score { get; init; } = double.NaN;

    /// <summary>The best so far; NaN where nothing scores the class.</summary>
    public double BestScore { get; init; } = double.NaN;

    /// <summary>The class's bar; NaN without one.</summary>
    public double AcceptAt { get; init; } = double.NaN;

    /// <summary>Whether the class's rules hold.</summary>
    public bool Converged { get; init; }

    /// <summary>What each rule saw.</summary>
    public IReadOnlyList<ConvergenceEvidence> Evidence { get; init; } = [];

    /// <summary>What the convergence monitor found; null where the loop gets on.</summary>
    public Concern? Concern { get; init; }

    /// <summary>Iterations of the current model that failed one after another.</summary>
    public int Failures { get; init; }

    /// <summary>Whether the passes failed as the model had too many calls: <see cref="ModelOverloadedException"/>.</summary>
    public bool IsOverloaded { get; init; }

    /// <summary>Times that validators refused what the current model made.</summary>
    public int Rejections { get; init; }

    /// <summary>What the validators said when they last refused; null where they have not.</summary>
    public string? Refusal { get; init; }

    /// <summary>How much the validators contradicted one another, from 0 to 1; NaN where fewer than two said something.</summary>
    public double Disagreement { get; init; } = double.NaN;

    /// <summary>How the vote ended; null where there was none.</summary>
    public VoteTally? Vote { get; init; }

    /// <summary>What each validator or voter said, where they were asked.</summary>
    public IReadOnlyList<Opinion> Opinions { get; init; } = [];

    /// <summary>The model after the current one, in the order of tiers; null after the last.</summary>
    public string? NextModel { get; init; }

    /// <summary>Whether there is a model of a higher tier.</summary>
    public bool HasLargerModel { get; init; }

    /// <summary>Whether there is another model at all.</summary>
    public bool HasOtherModel { get; init; }

    /// <summary>Whether the class says who votes, there is an artifact that fits beside the payload into a message (16 MiB together), and the budget has a pass for each voter.</summary>
    public bool CanVote { get; init; }

    /// <summary>Rungs of the ladder that have been climbed.</summary>
    public int Rung { get; init; }

    /// <summary>Model calls made so far.</summary>
    public int Passes { get; init; }

    /// <summary>Cost so far.</summary>
    public double Cost { get; init; }

    /// <summary>Time on workers so far, in milliseconds.</summary>
    public long ElapsedMs { get; init; }

    /// <summary>Whether iterations, passes, time and cost are left for another iteration.</summary>
    public bool BudgetLeft { get; init; }
}

/// <summary>What kind of thing happened.</summary>
public enum ObservationKind
{
    /// <summary>An iteration made an artifact.</summary>
    Refined = 0,

    /// <summary>All passes of an iteration failed.</summary>
    PassFailed = 1,

    /// <summary>The validators refused the artifact.</summary>
    Rejected = 2,

    /// <summary>A vote on the best artifact has ended.</summary>
    Voted = 3,

    /// <summary>The validators accept the artifact, as the policy had: the record of it. No policy is asked.</summary>
    Validated = 4,
}
