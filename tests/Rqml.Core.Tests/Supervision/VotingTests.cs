using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Rqml.Core.Tests.Hosting;
using Rqml.Supervision;

namespace Rqml.Core.Tests.Supervision;

/// <summary>Votes over the nodes of a host.</summary>
public sealed class VotingTests
{
    private readonly ConcurrentQueue<string> _voted = new();

    [Fact]
    public async Task Voters_are_of_as_many_families_as_there_are()
    {
        await using var host = await StartAsync(words => words
            .AddModel("first", Voter("first", agrees: true), family: "a")
            .AddModel("second", Voter("second", agrees: true), family: "b")
            .AddModel("third", Voter("third", agrees: false), family: "c"));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Converged, "accepted by 2 of 3 voters"), (result.Outcome, result.Reason));
        Assert.Equal(["first", "second", "third"], _voted.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_voter_that_throws_abstains()
    {
        await using var host = await StartAsync(words => words
            .AddModel("first", Voter("first", agrees: true), family: "a")
            .AddModel("second", Voter("second", agrees: true), family: "b")
            .AddModel("third", (context, token) => context.Iteration == 0 ? throw new FormatException("The voter stumbled.") : Voter("third", true)(context, token), family: "c"));

        var tally = Tally(await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion));

        Assert.Equal((VoteVerdict.Accepted, 2, 0, 1), (tally.Verdict, tally.Accepts, tally.Rejects, tally.Abstentions));
    }

    [Fact]
    public async Task A_voter_that_hangs_abstains_at_the_deadline_and_the_others_decide()
    {
        var time = new FakeTimeProvider();
        using var counted = new CountOf("rqml.votes.ballots", "rqml.fate", "counted");
        await using var host = await StartAsync(
            words => words
                .AddModel("first", Voter("first", agrees: true), family: "a")
                .AddModel("second", Voter("second", agrees: true), family: "b")
                .AddModel("third", async (context, token) =>
                {
                    if (context.Iteration == 0) await Task.Delay(Timeout.InfiniteTimeSpan, token);
                    return new Refinement<string>("answer", 0.5);
                }, family: "c"),
            deadline: TimeSpan.FromSeconds(5), time, counted);

        var task = await host.Client.SubmitAsync(Words.Class, "a");
        await TestHost.Until("two ballots", () => counted.Count == 2);
        var tally = Tally(await host.Pass("completion", task.Completion));

        Assert.Equal((VoteVerdict.Accepted, 2, 1), (tally.Verdict, tally.Accepts, tally.Abstentions));
    }

    [Fact]
    public async Task Without_a_quorum_the_next_rung_follows()
    {
        await using var host = await StartAsync(words => words
            .AddModel("first", Voter("first", agrees: true), family: "a")
            .AddModel("second", Voter("second", agrees: false), family: "b")
            .AddModel("third", (context, token) => context.Iteration == 0 ? throw new FormatException("The voter stumbled.") : Voter("third", true)(context, token), family: "c"));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Unconverged, VoteVerdict.NoQuorum), (result.Outcome, Tally(result).Verdict));
        Assert.Equal("no quorum, and there is nothing left to try", result.Reason);
    }

    [Fact]
    public async Task A_policy_that_accepts_after_a_lost_vote_does_not_spare_the_validators()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, words => words
            .AddModel("model", (context, _) => new(context.Iteration == 0 ? "something else" : "answer"))
            .SuperviseWith(new Stubborn())
            .ValidateWith<Refusing>()
            .Vote()));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Unconverged, "given up"), (result.Outcome, result.Reason));
        Assert.Equal([ObservationKind.Refined, ObservationKind.Voted, ObservationKind.Rejected], result.Story.Steps.Select(step => step.Kind));
        Assert.Equal(VoteVerdict.Rejected, Tally(result).Verdict);
    }

    [Fact]
    public async Task An_exact_validator_has_the_last_word_in_a_vote_too()
    {
        await using var host = await StartAsync(words => words
            .AddModel("first", Voter("first", agrees: true), family: "a")
            .AddModel("second", Voter("second", agrees: true), family: "b")
            .ValidateWith<Never>(reliability: 1));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((VoteVerdict.Rejected, 3), (Tally(result).Verdict, Tally(result).Rejects));
        Assert.NotEqual(Outcome.Converged, result.Outcome);
    }

    /// <summary>One lane, and the task that holds it never gives it up by itself: a voter still gets it, between two iterations.</summary>
    [Fact]
    public async Task A_voter_gets_a_lane_from_a_task_that_would_keep_it()
    {
        await using var host = await TestHost.StartAsync(rqml =>
        {
            rqml.Configure(options => options.Lanes = 1).AddTaskClass(new TaskClass<string, string>("long"), of => of
                .AddModel("long", async (context, token) =>
                {
                    await Task.Yield();
                    return $"{context.Iteration}";
                }).Limit(iterations: 1_000_000));
            AddVoting(rqml, words => words.AddModel("first", Voter("first", agrees: true)), TimeSpan.FromSeconds(20));
        });
        var voting = await host.Client.SubmitAsync(Words.Class, "a", new SubmitOptions { Priority = 1 });

        Assert.Equal(Outcome.Converged, (await TestHost.Step("completion", voting.Completion)).Outcome);
    }

    private static Task<TestHost> StartAsync(Action<TaskClassBuilder<string, string>> models, TimeSpan? deadline = null, FakeTimeProvider? time = null, CountOf? counted = null) => TestHost.StartAsync(
        rqml =>
        {
            rqml.AddNode("b").AddNode("c");
            AddVoting(rqml, models, deadline ?? TimeSpan.FromSeconds(20));
        },
        services => { if (counted is not null) services.AddSingleton<IMeterFactory>(counted); },
        time);

    private static void AddVoting(IRqmlBuilder rqml, Action<TaskClassBuilder<string, string>> models, TimeSpan deadline) => rqml.AddTaskClass(Words.Class, words =>
    {
        words.ConvergeWhenAll(Stability.Over(2)).AcceptAt(0.9).EscalateWith(Ladder.Of(Rung.Vote)).Vote(voters: 3, deadline: deadline);
        models(words);
    });

    private static VoteTally Tally(RefinementResult<string> result) => result.Story.Steps.Single(step => step.Kind == ObservationKind.Voted).Vote!.Value;

    /// <summary>Says the same word always, and in a vote that word or another.</summary>
    private Func<RefinementContext<string, string>, CancellationToken, ValueTask<Refinement<string>>> Voter(string name, bool agrees) => (context, _) =>
    {
        if (context.Iteration == 0) _voted.Enqueue(name);
        return new(new Refinement<string>(context.Iteration > 0 || agrees ? "answer" : "another", 0.5));
    };

    private sealed class Never : IArtifactValidator<string, string>
    {
        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken) => new(Validation.Reject("It never is."));
    }

    /// <summary>Has everything voted on, and accepts whatever comes of it.</summary>
    private sealed class Stubborn : ISupervisionPolicy
    {
        public int Version => 1;

        public SupervisionDecision Decide(Observation seen) => seen.Kind switch
        {
            ObservationKind.Voted => SupervisionDecision.Accept("whatever they said"),
            ObservationKind.Rejected => SupervisionDecision.Terminate("given up"),
            _ => SupervisionDecision.Vote("let them vote"),
        };
    }

    private sealed class Refusing : IArtifactValidator<string, string>
    {
        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken) => new(Validation.Reject("It is not acceptable."));
    }
}
