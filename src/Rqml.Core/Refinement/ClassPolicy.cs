using Rqml.Models.Routing;
using Rqml.Supervision;

namespace Rqml.Refinement;

/// <summary>What a task class asks of the loop. Immutable.</summary>
internal sealed record ClassPolicy
{
    /// <summary>The most that a class may allow for a payload or an artifact: half of the longest frame, so that the rest of what a frame carries has room beside it.</summary>
    public const int LargestValueBytes = 16 << 20;

    /// <summary>Model calls for each pass that the rules need in each iteration of the budget, where nobody says otherwise: retries, diversity and votes have room in it.</summary>
    public const int PassesAnIteration = 8;

    public int MaxIterations { get; init; } = 64;

    public TimeSpan MaxTime { get; init; } = TimeSpan.FromHours(1);

    public double MaxCost { get; init; } = double.PositiveInfinity;

    /// <summary>Model calls; null: <see cref="PassesAnIteration"/> for each pass that the rules need in each iteration.</summary>
    public int? MaxPasses { get; init; }

    public int MaxPayloadBytes { get; init; } = LargestValueBytes;

    public int MaxArtifactBytes { get; init; } = LargestValueBytes;

    public TimeSpan BeatTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long one validator may take before it abstains.</summary>
    public TimeSpan ValidatorTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public IReadOnlyList<ConvergenceRule> Rules
    {
        get;
        init
        {
            field = value;
            RulePasses = Most(value, rule => rule.Passes, least: 1);
            SimilarityWindow = Most(value, rule => rule.SimilarityWindow, least: 0);
            NoveltyWindow = Most(value, rule => rule.NoveltyWindow, least: 0);
        }
    } = [];

    /// <summary>Whether one rule that holds is enough.</summary>
    public bool AnyRule { get; init; }

    /// <summary>A converged artifact below this score is a setback; null: any score will do.</summary>
    public double? AcceptAt { get; init; }

    public ConvergenceMonitor Monitor { get; init; } = new();

    public bool HasValidators => Validators.Count > 0;

    /// <summary>The judges of an artifact, in the order in which they are asked.</summary>
    public IReadOnlyList<ValidatorDescriptor> Validators { get; init; } = [];

    /// <summary>Who votes; null: nobody.</summary>
    public VotePolicy? Vote { get; init; }

    /// <summary>Passes that diversity makes an iteration.</summary>
    public int DiversePasses { get; init; } = 3;

    public ISupervisionPolicy Supervision { get; init; } = SupervisionPolicy.Default;

    public IModelRouter Router { get; init; } = TierRouter.Instance;

    /// <summary>Passes that the rules compare in each iteration.</summary>
    public int RulePasses { get; private init; } = 1;

    public int SimilarityWindow { get; private init; }

    public int NoveltyWindow { get; private init; }

    private static int Most(IReadOnlyList<ConvergenceRule> rules, Func<ConvergenceRule, int> of, int least) => rules.Select(of).DefaultIfEmpty(least).Max();
}

/// <summary>One validator of a class.</summary>
/// <param name="Name">Unique in the class.</param>
/// <param name="Reliability">How often its verdict is expected to be right, from 0.5 to 1 before anything was measured; at 1 it has the last word.</param>
internal sealed record ValidatorDescriptor(string Name, double Reliability);

/// <summary>How a class votes.</summary>
/// <param name="Voters">Voters of a vote: 3 or 5.</param>
/// <param name="Agreement">How similar to the artifact what a voter makes of it has to be, for its ballot to be in favour.</param>
/// <param name="Deadline">How long ballots are waited for.</param>
/// <param name="IsWeighted">Whether a ballot weighs by the measured reliability of its model.</param>
internal sealed record VotePolicy(int Voters, double Agreement, TimeSpan Deadline, bool IsWeighted)
{
    /// <summary>Ballots of one mind that decide.</summary>
    public int Quorum => (Voters / 2) + 1;
}
