using System.Text.Json;
using GraphColouring.Queens;

namespace Rqml.Samples.Tests.GraphColouring.Queens;

/// <summary>What every model owes, and what sets each apart.</summary>
public sealed class ImproverTests
{
    private static readonly ColouringJob Hard = new(9, 10, Seed: 5);

    // Rounds short enough that none solves the board.
    public static TheoryData<string> Models => ["descent", "tabu", "annealing"];

    [Theory]
    [MemberData(nameof(Models))]
    public void A_colouring_read_back_goes_on_bit_for_bit(string model)
    {
        var (kept, reread) = ((Colouring?)null, (Colouring?)null);
        for (ulong round = 0; round < 5; round++)
        {
            kept = Short(model).Improve(kept, Hard, round);
            reread = Short(model).Improve(reread, Hard, round);
            reread = JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(reread, ColouringJson.Default.Colouring), ColouringJson.Default.Colouring);
            Assert.Equal(kept, reread);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_round_never_makes_it_worse_and_counts_its_moves(string model)
    {
        var before = Colouring.Draw(Hard);
        for (ulong round = 0; round < 10; round++)
        {
            var after = Short(model).Improve(before, Hard, round);
            Assert.True(Verifier.Conflicts(after) <= Verifier.Conflicts(before));
            Assert.True(after.Moves > before.Moves);
            before = after;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Another_seed_takes_another_way(string model) =>
        Assert.NotEqual(Short(model).Improve(null, Hard, seed: 1).Squares, Short(model).Improve(null, Hard, seed: 2).Squares);

    [Theory]
    [MemberData(nameof(Models))]
    public void A_solution_stays_as_it_is(string model)
    {
        var job = new ColouringJob(5, 5, Seed: 1);
        var solved = new Colouring(5, 5, "0123434012123404012323401", moves: 7);
        Assert.Equal(solved, Short(model).Improve(solved, job, seed: 1));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_colouring_of_another_job_is_refused(string model) =>
        Assert.Throws<ArgumentException>(() => Short(model).Improve(Colouring.Draw(new ColouringJob(8, 10, Seed: 5)), Hard, seed: 1));

    [Theory]
    [InlineData(5, 5)]
    [InlineData(6, 7)]
    [InlineData(7, 7)]
    public void TabuCol_solves_boards_of_5_to_7_within_three_rounds(int size, int colours)
    {
        for (ulong seed = 1; seed <= 5; seed++) Assert.True(Solves(new TabuCol(), new ColouringJob(size, colours, seed), rounds: 3), $"seed {seed}");
    }

    [Fact]
    public void Annealing_solves_a_board_of_8_within_five_rounds() => Assert.True(Solves(new Annealing(), new ColouringJob(8, 9, Seed: 1), rounds: 5));

    [Fact]
    public void The_descent_gets_stuck_where_TabuCol_goes_on()
    {
        Assert.False(Solves(new MinConflicts(), Hard, rounds: 20));
        Assert.True(Solves(new TabuCol(), Hard, rounds: 5));
    }

    private static bool Solves(IImprover model, ColouringJob job, int rounds)
    {
        var colouring = (Colouring?)null;
        for (var round = 0; round < rounds; round++) colouring = model.Improve(colouring, job, (ulong)round);
        return Verifier.Accepts(job, colouring!);
    }

    private static IImprover Short(string model) => model switch
    {
        "descent" => new MinConflicts(movesPerRound: 40),
        "tabu" => new TabuCol(movesPerRound: 40),
        _ => new Annealing(trialsPerRound: 400),
    };
}
