using GraphColouring;
using GraphColouring.Queens;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Supervision;

namespace Rqml.Samples.Tests.GraphColouring;

public sealed class ColourQueensTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(5, 5)]
    [InlineData(6, 7)]
    [InlineData(8, 9)]
    public async Task What_is_converged_is_solved_whichever_model_it_took(int size, int colours)
    {
        using var host = await StartAsync(ModelRouting.Learnt());
        var board = Board.All.Single(board => (board.Size, board.Colours) == (size, colours));
        foreach (var trial in await Task.WhenAll(Enumerable.Range(1, 4).Select(seed => SolveAsync(host, board, (ulong)seed))))
        {
            Assert.Equal((Outcome.Converged, true), (trial.Result.Outcome, trial.IsVerified));
        }
    }

    [Fact]
    public async Task What_the_small_model_is_stuck_with_goes_to_a_larger_one_and_the_router_learns_of_both()
    {
        var router = ModelRouting.Learnt();
        using var host = await StartAsync(router);
        var trial = await SolveAsync(host, Board.All.Single(board => (board.Size, board.Colours) == (9, 10)), seed: 1);
        Assert.True(trial.HasStalledOnSmall);
        Assert.Equal(1, trial.Count(SupervisionAction.Escalate));
        Assert.Contains("middling tasks: min-conflicts", router.ToString());
        Assert.Contains(trial.Result.Model!, router.ToString());
    }

    /// <summary>A board of 12 has no colouring in 11 colours: no two of the 12 squares of a row may share one.</summary>
    [Fact]
    public async Task A_board_that_cannot_be_solved_goes_up_the_whole_ladder_and_no_vote_lets_it_pass()
    {
        using var host = await StartAsync(ModelRouting.Learnt());
        var trial = await SolveAsync(host, new Board(12, 11, IsPromised: true, ColourQueens.InShortRounds), seed: 1);
        Assert.Equal((false, false), (trial.IsSolved, trial.IsVerified));
        Assert.Equal(Outcome.Unconverged, trial.Result.Outcome);
        Assert.Equal((4, 4), (trial.Count(SupervisionAction.Diversify), trial.Count(SupervisionAction.Vote)));
        Assert.All(trial.Result.Story.Steps.Where(step => step.Vote is not null), step => Assert.Equal(VoteVerdict.Rejected, step.Vote!.Value.Verdict));
        Assert.False(Report.Of([trial], checkpoints: 0, seconds: 0).Kept);
    }

    [Fact]
    public async Task A_fixed_router_ends_the_same_start_in_the_same_colouring()
    {
        var colourings = new List<string>();
        for (var run = 0; run < 2; run++)
        {
            using var host = await StartAsync(ModelRouting.Fixed);
            colourings.Add((await SolveAsync(host, Board.All.Single(board => (board.Size, board.Colours) == (7, 7)), seed: 3)).Result.Artifact.Squares);
        }

        Assert.Equal(colourings[0], colourings[1]);
    }

    [Theory]
    [InlineData("--seeds", "0")]
    [InlineData("--seeds")]
    [InlineData("--json", "/nowhere/at all/report.json")]
    [InlineData("--colours", "5")]
    public void A_wrong_command_line_is_refused(params string[] words) => Assert.Throws<FormatException>(() => Arguments.Parse(words));

    private static async Task<IHost> StartAsync(Models.Routing.IModelRouter router)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(ColourQueens.Class, queens => ColourQueens.Configure(queens, router))
            .AddTaskClass(ColourQueens.InShortRounds, queens => ColourQueens.ConfigureShortRounds(queens, router)));
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static async Task<Trial> SolveAsync(IHost host, Board board, ulong seed)
    {
        var options = new SubmitOptions { IdempotencyKey = $"{board}-{seed}", Difficulty = board.Difficulty };
        var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(board.Class, new ColouringJob(board.Size, board.Colours, seed), options);
        return new Trial(board, seed, await task.Completion.WaitAsync(Patience));
    }
}
