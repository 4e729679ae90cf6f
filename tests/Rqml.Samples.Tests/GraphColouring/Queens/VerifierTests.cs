using FsCheck.Xunit;
using GraphColouring.Queens;

namespace Rqml.Samples.Tests.GraphColouring.Queens;

public sealed class VerifierTests
{
    // Five sets of queens a knight's move apart: the colour is (column + 3 * row) mod 5.
    private const string Solved = "0123434012123404012323401";

    private static readonly ColouringJob Five = new(5, 5, Seed: 1);

    [Fact]
    public void A_solution_is_accepted_and_scores_1()
    {
        var solution = new Colouring(5, 5, Solved, moves: 0);
        Assert.True(Verifier.Accepts(Five, solution));
        Assert.Equal(1, Verifier.Score(solution));
    }

    [Fact]
    public void A_solution_with_one_square_spoilt_is_refused()
    {
        var spoilt = new Colouring(5, 5, "1" + Solved[1..], moves: 0);
        Assert.False(Verifier.Accepts(Five, spoilt));
        Assert.True(Verifier.Score(spoilt) < 1);
    }

    [Fact]
    public void A_solution_of_another_board_or_with_more_colours_is_refused()
    {
        var solution = new Colouring(5, 5, Solved, moves: 0);
        Assert.False(Verifier.Accepts(new ColouringJob(6, 5, Seed: 1), solution));
        Assert.False(Verifier.Accepts(Five, new Colouring(5, 6, Solved, moves: 0)));
    }

    [Fact]
    public void A_board_of_one_colour_has_every_edge_in_conflict() =>
        Assert.Equal(QueenGraph.Of(7).Edges.Length, Verifier.Conflicts(new Colouring(7, 2, new string('1', 49), moves: 0)));

    [Property]
    public void It_counts_what_the_models_count_on_the_way(ulong seed)
    {
        var random = SplitMix64.For(seed);
        var walk = new Walk(Colouring.Draw(new ColouringJob(4 + random.Below(13), 2 + random.Below(35), seed)));
        for (var move = 0; move < 20; move++)
        {
            Assert.Equal(Verifier.Conflicts(walk.Here()), walk.Conflicts);
            walk.Recolour(random.Below(walk.VertexCount), random.Below(walk.NeighboursByColour(0).Length));
        }

        Assert.Equal(Verifier.Conflicts(walk.Best()), walk.BestConflicts);
    }

    [Property]
    public void A_score_lies_above_0_and_is_at_most_1(ulong seed) =>
        Assert.InRange(Verifier.Score(Colouring.Draw(new ColouringJob(6, 7, seed))), double.Epsilon, 1);
}
