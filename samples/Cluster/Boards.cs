using GraphColouring;
using GraphColouring.Queens;
using Rqml;
using Rqml.Supervision;

namespace Cluster;

/// <summary>The task class that all processes know: from a board of queens to a colouring without conflicts, a small step an iteration.</summary>
internal static class Boards
{
    public static readonly TaskClass<ColouringJob, Colouring> Class = new("colour-queens", ColouringJson.Default.ColouringJob, ColouringJson.Default.Colouring);

    /// <summary>As a call to a model elsewhere takes: there is something to lose in a task when its node dies.</summary>
    private static readonly TimeSpan RoundTime = TimeSpan.FromMilliseconds(150);

    private static readonly Rung[] WayUp = [Rung.LargerModel, .. Enumerable.Repeat(Rung.Reroute, 12)];

    public static ColouringJob Number(int number) => new(Size: 8, Colours: 9, Seed: (ulong)number);

    public static IRqmlBuilder AddBoards(this IRqmlBuilder rqml, CallLog calls) => rqml.AddTaskClass(Class, boards => boards
        .AddModel("min-conflicts", Rounds(new MinConflicts(movesPerRound: 10), calls), tier: 0, family: "descent")
        .AddModel("tabucol", Rounds(new TabuCol(movesPerRound: 2_000), calls), tier: 1, family: "tabu", cost: 30)
        .ScoreWith<FewConflicts>()
        .AcceptAt(1)
        .ValidateWith<NoConflict>(reliability: 1)
        .ConvergeWhenAll(Stability.Over(4).AtLeast(1))
        .CompareWith<SameClasses>()
        .Monitor(stallAfter: 3)
        .EscalateWith(Ladder.Of(WayUp))
        .Limit(iterations: 200));

    private static Func<RefinementContext<ColouringJob, Colouring>, CancellationToken, ValueTask<Refinement<Colouring>>> Rounds(IImprover improver, CallLog calls) => async (context, cancellationToken) =>
    {
        calls.Add(context.Attempt.Task, context.Iteration);
        await Task.Delay(RoundTime, cancellationToken);
        return improver.Improve(context.Artifact, context.Payload, context.Pass.Seed);
    };
}
