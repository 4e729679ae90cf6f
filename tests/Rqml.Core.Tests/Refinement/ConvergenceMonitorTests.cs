using System.Text;
using FsCheck.Xunit;
using Rqml.Nodes;
using Rqml.Refinement;

namespace Rqml.Core.Tests.Refinement;

public sealed class ConvergenceMonitorTests
{
    private static readonly ClassPolicy Policy = new() { Monitor = new ConvergenceMonitor { StallAfter = 3, Improvement = 0.01, Tolerance = 0.1 } };

    [Fact]
    public void A_score_that_gains_nothing_for_long_enough_is_a_stall_that_names_its_iterations()
    {
        Assert.Null(Look(Scored(0.2, 0.5, 0.505, 0.5)));
        Assert.Equal((ConcernKind.Stall, 2, 5), Named(Look(Scored(0.2, 0.5, 0.505, 0.5, 0.509))));
        Assert.Null(Look(Scored(0.2, 0.5, 0.505, 0.5, 0.51)));
    }

    [Fact]
    public void Small_gains_add_up_to_progress() => Assert.Null(Look(Scored(0.5, 0.504, 0.508, 0.512, 0.516)));

    [Fact]
    public void What_meets_the_bar_waits_for_the_rules_and_is_not_stuck()
    {
        Assert.Null(Look(Scored(0.9, 0.9, 0.9, 0.9, 0.9), bar: 0.9));
        Assert.NotNull(Look(Scored(0.9, 0.9, 0.9, 0.9, 0.9), bar: 0.95));
        Assert.Null(Look(Scored(1, 1, 1, 1, 1)));
    }

    [Fact]
    public void An_artifact_that_comes_again_with_others_between_is_an_oscillation()
    {
        Assert.Equal((ConcernKind.Oscillation, 1, 3), Named(Look(Made("a", "b", "a"))));
        Assert.Equal((ConcernKind.Oscillation, 2, 6), Named(Look(Made("x", "a", "b", "c", "d", "a"))));
        Assert.Null(Look(Made("a", "b", "b")));
        Assert.Null(Look(Made("a", "b", "c", "d", "e", "f", "g", "h", "i", "a")));      // longer ago than any oscillation
    }

    [Fact]
    public void A_score_far_below_the_best_twice_running_is_a_divergence()
    {
        Assert.Null(Look(Scored(0.9, 0.7)));
        Assert.Null(Look(Scored(0.9, 0.7, 0.85)));
        Assert.Equal((ConcernKind.Divergence, 2, 3), Named(Look(Scored(0.9, 0.7, 0.75))));
    }

    [Fact]
    public void A_new_stint_begins_with_a_clean_record()
    {
        var stalled = Scored(0.5, 0.5, 0.5, 0.5);
        Assert.NotNull(Look(stalled));

        var state = stalled.InNewStint(0);
        for (var iteration = 1; iteration < 3; iteration++)
        {
            state = state.After(Pass("same", 0.5), Policy, 0);
            Assert.Null(Look(state));
        }

        Assert.Equal((ConcernKind.Stall, 4, 7), Named(Look(state.After(Pass("same", 0.5), Policy, 0))));
    }

    [Fact]
    public void A_whole_window_of_progress_leads_back_by_one_rung_once()
    {
        var state = Scored(0.2).InNewStint(0) with { Rung = 3, Diversity = 3 };
        for (var iteration = 1; iteration <= 2; iteration++)
        {
            state = state.After(Pass($"better {iteration}", 0.2 + (0.1 * iteration)), Policy, 0).SteppedBack(Policy.Monitor);
            Assert.Equal((3, 3), (state.Rung, state.Diversity));      // not before the window is over
        }

        state = state.After(Pass("better", 0.6), Policy, 0).SteppedBack(Policy.Monitor);
        Assert.Equal((2, 1), (state.Rung, state.Diversity));
        Assert.Equal(2, state.After(Pass("better still", 0.7), Policy, 0).SteppedBack(Policy.Monitor).Rung);

        var flat = Scored(0.2).InNewStint(0) with { Rung = 3 };
        for (var iteration = 1; iteration <= 5; iteration++) flat = flat.After(Pass($"{iteration}", 0.2), Policy, 0).SteppedBack(Policy.Monitor);
        Assert.Equal(3, flat.Rung);
    }

    [Fact]
    public void Without_scores_only_oscillation_is_seen()
    {
        var state = RefinementSnapshot.Empty;
        for (var iteration = 0; iteration < 20; iteration++) state = state.After(Pass("same", double.NaN), Policy, 0);
        Assert.Null(Look(state));
    }

    /// <summary>Whatever scores come, the best is the highest of them and is never lost.</summary>
    [Property]
    public void The_best_artifact_is_the_one_with_the_highest_score(byte[] scores)
    {
        var state = RefinementSnapshot.Empty;
        foreach (var (score, index) in scores.Select((score, index) => (score, index))) state = state.After(Pass($"{index}", score / 255.0), Policy, 0);
        if (scores.Length == 0) return;
        var best = scores.Max();
        Assert.Equal(best / 255.0, state.BestScore);
        Assert.Equal($"{Array.LastIndexOf(scores, best)}", Encoding.UTF8.GetString(state.Best.Span));
        Assert.Equal(Array.LastIndexOf(scores, best) + 1, state.BestIteration);
    }

    [Fact]
    public void An_artifact_without_a_score_does_not_take_the_place_of_one_that_has_a_score()
    {
        var state = RefinementSnapshot.Empty.After(Pass("good", 0.9), Policy, 0).After(Pass("unknown", double.NaN), Policy, 0).After(Pass("poor", 0.1), Policy, 0);
        Assert.Equal(("good", 0.9), (Encoding.UTF8.GetString(state.Best.Span), state.BestScore));
    }

    private static Concern? Look(RefinementSnapshot state, double bar = 1) => Policy.Monitor.Look(state, bar);

    private static (ConcernKind, int, int) Named(Concern? concern) => (concern!.Value.Kind, concern.Value.From, concern.Value.To);

    private static RefinementSnapshot Scored(params double[] scores) =>
        scores.Select((score, index) => (score, index)).Aggregate(RefinementSnapshot.Empty, (state, next) => state.After(Pass($"{next.index}", next.score), Policy, 0));

    private static RefinementSnapshot Made(params string[] artifacts) => artifacts.Aggregate(RefinementSnapshot.Empty, (state, artifact) => state.After(Pass(artifact, double.NaN), Policy, 0));

    private static PassResult Pass(string artifact, double score) => new(Encoding.UTF8.GetBytes(artifact), score, double.NaN, 1);
}
