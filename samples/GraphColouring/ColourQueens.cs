using GraphColouring.Queens;
using Rqml;
using Rqml.Models.Routing;
using Rqml.Supervision;

namespace GraphColouring;

/// <summary>The task classes: from a board to a colouring without conflicts, one round of one model an iteration.</summary>
public static class ColourQueens
{
    public const string SmallModel = "min-conflicts";

    public static TaskClass<ColouringJob, Colouring> Class { get; } = new("colour-queens", ColouringJson.Default.ColouringJob, ColouringJson.Default.Colouring);

    /// <summary>The same with a twentieth of the moves a round, so that a hard board takes many rounds and goes up the whole ladder.</summary>
    public static TaskClass<ColouringJob, Colouring> InShortRounds { get; } = new("colour-queens-in-short-rounds", ColouringJson.Default.ColouringJob, ColouringJson.Default.Colouring);

    // Each time round another model, then several at once, then a vote, which the verifier lets nothing pass that has a conflict.
    private static readonly Rung[] OnceRound = [Rung.Reroute, Rung.Diversify, Rung.Vote];

    public static void Configure(TaskClassBuilder<ColouringJob, Colouring> queens, IModelRouter router) =>
        Configure(queens, router, new TabuCol(), new Annealing());

    public static void ConfigureShortRounds(TaskClassBuilder<ColouringJob, Colouring> queens, IModelRouter router) =>
        Configure(queens, router, new TabuCol(TabuCol.DefaultMovesPerRound / 20), new Annealing(Annealing.DefaultTrialsPerRound / 20));

    private static void Configure(TaskClassBuilder<ColouringJob, Colouring> queens, IModelRouter router, TabuCol tabuCol, Annealing annealing)
    {
        ArgumentNullException.ThrowIfNull(queens);
        queens
            .AddModel(SmallModel, Rounds(new MinConflicts()), tier: 0, family: "descent", cost: 1)
            .AddModel("tabucol", Rounds(tabuCol), tier: 1, family: "tabu", cost: 30)
            .AddModel("annealing", Rounds(annealing), tier: 1, family: "annealing", cost: 15)
            .RouteWith(router)
            .ScoreWith<FewConflicts>()
            .CompareWith<SameClasses>()
            .ConvergeWhenAll(Stability.Over(4).AtLeast(1))
            .AcceptAt(1)
            .ValidateWith<NoConflict>(reliability: 1)
            .Monitor(stallAfter: 2)
            .EscalateWith(Ladder.Of([Rung.LargerModel, .. OnceRound, .. OnceRound, .. OnceRound, .. OnceRound]))
            .Vote(voters: 3, weighted: true)
            .Limit(iterations: 200);
    }

    private static Func<RefinementContext<ColouringJob, Colouring>, CancellationToken, ValueTask<Refinement<Colouring>>> Rounds(IImprover improver) =>
        (context, _) => new(improver.Improve(context.Artifact, context.Payload, context.Pass.Seed));
}

/// <summary>The score: 1 without a conflict.</summary>
internal sealed class FewConflicts : IArtifactScorer<ColouringJob, Colouring>
{
    public ValueTask<Score> ScoreAsync(ColouringJob payload, Colouring artifact, CancellationToken cancellationToken) => new(Verifier.Score(artifact));
}

/// <summary>Colourings are alike where they part the squares alike, whatever the colours are called.</summary>
internal sealed class SameClasses : IArtifactSimilarity<Colouring>
{
    public ValueTask<double> MeasureAsync(Colouring left, Colouring right, CancellationToken cancellationToken) => new(Likeness.Of(left, right));
}

/// <summary>An exact check, so it has the last word, in votes too.</summary>
internal sealed class NoConflict : IArtifactValidator<ColouringJob, Colouring>
{
    public ValueTask<Validation> ValidateAsync(ColouringJob payload, Colouring artifact, CancellationToken cancellationToken) =>
        new(Verifier.Accepts(payload, artifact) ? Validation.Accept : Validation.Reject($"{Verifier.Conflicts(artifact)} pairs of queens meet"));
}
