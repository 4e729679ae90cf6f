using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Checkpoints;
using Rqml.Models.Routing;
using Rqml.Supervision;

namespace Rqml.Docs.Tests.Snippets;

public sealed class Plausible : IArtifactValidator<Number, Root>
{
    public ValueTask<Validation> ValidateAsync(Number payload, Root artifact, CancellationToken cancellationToken) =>
        new(artifact.Value <= Math.Max(1, payload.Value) ? Validation.Accept : Validation.Reject($"{artifact.Value} is larger than the number itself"));
}

#region snippet
/// <summary>Takes the first artifact that is good enough, converged or not; all else is decided as usual.</summary>
public sealed class GoodEnough(double score) : ISupervisionPolicy
{
    public int Version => 1;

    public SupervisionDecision Decide(Observation seen) => seen.Kind == ObservationKind.Refined && seen.Score >= score
        ? SupervisionDecision.Accept("good enough")
        : SupervisionPolicy.Default.Decide(seen);
}
#endregion

#region snippet
/// <summary>The usual ladder, for as long as a task is cheap.</summary>
public sealed class Thrifty(double cost) : IEscalationPolicy
{
    public int Version => 1;

    public SupervisionDecision Next(Observation seen, string setback) => seen.Cost < cost
        ? Ladder.Default.Next(seen, setback)
        : SupervisionDecision.Terminate($"{setback}, and the task is no longer cheap");
}
#endregion

#region snippet
/// <summary>A hard task begins with the largest model, any other with the smallest; after that as few steps up as there are.</summary>
public sealed class LargeForHard : IModelRouter
{
    public string Choose(RoutingRequest request) =>
        request.Current is null && request.Difficulty >= 0.8 ? request.Candidates[^1].Name : request.Candidates[0].Name;
}
#endregion

[Collection(Workplace.OneAtATime)]
public sealed partial class Supervising : IDisposable
{
    private readonly Workplace _workplace = new();

    public void Dispose() => _workplace.Dispose();

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_class_says_who_judges_and_who_votes()
    {
        var result = await RunAsync(roots =>
        {
            #region snippet
            roots
                .AddModel<RoughStep>(tier: 0, family: "rough")
                .AddModel<NewtonStep>(tier: 1, family: "newton", cost: 2)
                .ScoreWith<Closeness>()
                .CompareWith<RelativeDistance>()
                .ConvergeWhenAll(Stability.Over(2).AtLeast(0.9999))
                .AcceptAt(0.999)
                .ValidateWith<PositiveRoot>(reliability: 1)            // exact: it has the last word
                .ValidateWith<Plausible>(reliability: 0.7)             // a rule of thumb
                .EscalateWith(Ladder.Of(Rung.LargerModel, Rung.Diversify, Rung.Vote))
                .Diversify(passes: 4)
                .Vote(voters: 3, agreement: 0.95, deadline: TimeSpan.FromSeconds(30))
                .Limit(iterations: 50, passes: 200, validatorTimeout: TimeSpan.FromSeconds(5));
            #endregion
        });

        Assert.Equal((Outcome.Converged, nameof(NewtonStep)), (result.Outcome, result.Model));
        var page = Repository.Read("docs/supervision.md");
        var story = Timeless(result.Story.ToString());
        Assert.True(Timeless(page).Contains($"```text\n{story}\n```", StringComparison.Ordinal), $"The page does not show:\n{story}");

        // The id and the time are of one run.
        static string Timeless(string story) => Seconds().Replace(Ids().Replace(story.ReplaceLineEndings("\n").TrimEnd(), "Task …"), ", … s on workers");
    }

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_vote_decides_where_the_ladder_has_nothing_else()
    {
        // Scores that never reach the bar, and a model that leaves the artifact as it is.
        var result = await RunAsync(roots => roots
            .AddModel("same", (_, _) => new(new Refinement<Root>(new Root(1), Confidence: 0.5)))
            .ConvergeWhenAll(Stability.Over(2))
            .AcceptAt(0.9)
            .EscalateWith(Ladder.Of(Rung.Vote))
            .Vote());

        Assert.Equal((Outcome.Converged, "accepted by 3 of 3 voters"), (result.Outcome, result.Reason));
        Assert.Equal(2 + 3, result.Story.Passes);
    }

    [Theory(Timeout = Workplace.LimitMs)]
    [InlineData(0.9, Outcome.Converged)]
    [InlineData(1, Outcome.Rejected)]
    public async Task A_vote_overrules_validators_but_for_one_that_has_the_last_word(double reliability, Outcome outcome)
    {
        var result = await RunAsync(roots => roots
            .AddModel("same", (_, _) => new(new Root(1)))
            .ConvergeWhenAll(Stability.Over(2))
            .ValidateWith<Refusing>(reliability)
            .EscalateWith(Ladder.Of(Rung.Vote))
            .Vote());

        Assert.Equal((outcome, 3), (result.Outcome, result.Iterations));
    }

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task Where_all_validators_abstain_the_artifact_is_refused()
    {
        var result = await RunAsync(roots => roots.AddModel<NewtonStep>().ConvergeWhenAll(Stability.Over(2)).CompareWith<RelativeDistance>().ValidateWith<Stumbling>());

        Assert.Equal(Outcome.Rejected, result.Outcome);
    }

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task Policies_of_ones_own_decide()
    {
        var early = await RunAsync(roots => roots.AddModel<NewtonStep>().ScoreWith<Closeness>().SuperviseWith(new GoodEnough(0.99)));
        Assert.Equal((Outcome.Converged, 2), (early.Outcome, early.Iterations));

        var cheap = await RunAsync(roots => roots.AddModel<RoughStep>(cost: 30).ScoreWith<Closeness>().ConvergeWhenAll(Stability.Over(2)).AcceptAt(0.9999).EscalateWith(new Thrifty(40)));
        Assert.Equal((Outcome.Unconverged, "converged below the bar, and the task is no longer cheap"), (cheap.Outcome, cheap.Reason));
    }

    [Theory(Timeout = Workplace.LimitMs)]
    [InlineData(0.9, nameof(NewtonStep))]
    [InlineData(0.1, nameof(RoughStep))]
    public async Task A_router_of_ones_own_chooses_who_begins(double difficulty, string model)
    {
        var result = await RunAsync(
            roots => roots.AddModel<RoughStep>(tier: 0).AddModel<NewtonStep>(tier: 1).ConvergeWhenAll(Stability.Over(2)).RouteWith(new LargeForHard()), new SubmitOptions { Difficulty = difficulty });

        Assert.Equal((Outcome.Converged, model), (result.Outcome, result.Story.Steps[0].Model));
    }

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_task_tells_its_story_and_its_decisions_can_be_made_again()
    {
        var (may, policy) = (new TaskCompletionSource(), SupervisionPolicy.Default);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(SquareRoots.SquareRoot, roots => roots
                .AddModel<RoughStep>(tier: 0)
                .AddModel("newton", NewtonOnceAllowed, tier: 1)
                .ScoreWith<Closeness>()
                .CompareWith<RelativeDistance>()
                .ConvergeWhenAll(Stability.Over(2).AtLeast(0.9999))
                .AcceptAt(0.99999))
            .UseRocksDb(_workplace.Folder));
        using var host = builder.Build();
        await host.StartAsync();
        _workplace.TakeConsole();
        var rqml = host.Services.GetRequiredService<IRqmlClient>();
        var task = await rqml.SubmitAsync(SquareRoots.SquareRoot, new Number(2));
        var checkpoints = host.Services.GetRequiredService<ICheckpointStore>();
        while (!checkpoints.Read(task.Id).Any(checkpoint => checkpoint.Decisions.Any(record => record.Decision.Action == SupervisionAction.Escalate))) await Task.Delay(TimeSpan.FromMilliseconds(10));

        #region snippet
        foreach (DecisionRecord record in checkpoints.Read(task.Id).SelectMany(checkpoint => checkpoint.Decisions))
        {
            SupervisionDecision again = policy.Decide(record.Seen);
            if (again != record.Decision) Console.WriteLine($"iteration {record.Seen.Iteration}: {record.Decision.Action} then, {again.Action} now");
        }
        #endregion
        Assert.Empty(_workplace.Printed.ToString());

        #region snippet
        TaskStory soFar = await rqml.ExplainAsync(task.Id);      // of an open task as of a settled one
        #endregion
        Assert.Null(soFar.Outcome);
        Assert.Equal(SupervisionAction.Escalate, soFar.Steps[^1].Action);

        may.SetResult();
        #region snippet
        RefinementResult<Root> result = await task.Completion;
        Console.WriteLine(result.Story);
        #endregion
        await host.StopAsync();

        Assert.Equal(Outcome.Converged, result.Outcome);
        Assert.Contains("Escalate, converged below the bar: a larger model (policy 2001;", _workplace.Printed.ToString(), StringComparison.Ordinal);
        Assert.Contains("settled as Converged", _workplace.Printed.ToString(), StringComparison.Ordinal);

        async ValueTask<Refinement<Root>> NewtonOnceAllowed(RefinementContext<Number, Root> context, CancellationToken cancellationToken)
        {
            await may.Task.WaitAsync(cancellationToken);
            return await new NewtonStep().RefineAsync(context, cancellationToken);
        }
    }

    [GeneratedRegex("Task [0-9a-f]{8}-[0-9a-f-]{27}")]
    private static partial Regex Ids();

    [GeneratedRegex(", [0-9.]+ s on workers")]
    private static partial Regex Seconds();

    private static async Task<RefinementResult<Root>> RunAsync(Action<TaskClassBuilder<Number, Root>> configure, SubmitOptions? options = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRqml(rqml => rqml.AddTaskClass(SquareRoots.SquareRoot, configure));
        using var host = builder.Build();
        await host.StartAsync();
        var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(SquareRoots.SquareRoot, new Number(2), options);
        var result = await task.Completion;
        await host.StopAsync();
        return result;
    }

    private sealed class Refusing : IArtifactValidator<Number, Root>
    {
        public ValueTask<Validation> ValidateAsync(Number payload, Root artifact, CancellationToken cancellationToken) => new(Validation.Reject("It is not wanted."));
    }

    private sealed class Stumbling : IArtifactValidator<Number, Root>
    {
        public ValueTask<Validation> ValidateAsync(Number payload, Root artifact, CancellationToken cancellationToken) => throw new InvalidOperationException("It stumbles.");
    }
}
