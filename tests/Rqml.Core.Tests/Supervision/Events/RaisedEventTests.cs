using Microsoft.Extensions.DependencyInjection;
using Rqml.Core.Tests.Hosting;
using Rqml.Supervision;
using Rqml.Supervision.Events;

namespace Rqml.Core.Tests.Supervision.Events;

/// <summary>What a host's runs have to say to whoever listens.</summary>
public sealed class RaisedEventTests
{
    [Fact]
    public async Task Validators_that_contradict_one_another_are_a_model_divergence()
    {
        var raised = await RaisedAsync<ModelDivergence>(words => words
            .AddModel("model", Words.Echo).ConvergeWhenAll(Stability.Over(2)).ValidateWith<Yes>().ValidateWith<No>().EscalateWith(Ladder.Of()));

        Assert.Equal((DivergenceForm.Validators, 1.0), (raised.Form, Math.Round(raised.Disagreement, 6)));
        Assert.Equal(["Yes", "No"], raised.Parties);
    }

    [Fact]
    public async Task Passes_that_differ_are_a_consistency_anomaly()
    {
        var raised = await RaisedAsync<ConsistencyAnomaly>(words => words
            .AddModel("model", (context, _) => new($"{context.Pass.Number}")).ConvergeWhenAll(Consistency.Over(passes: 3).AtLeast(0.9)).Limit(iterations: 1));

        Assert.Equal((0.0, 3), (raised.Consistency, raised.Passes));
    }

    [Fact]
    public async Task What_is_unlike_everything_before_is_a_novel_finding()
    {
        var raised = await RaisedAsync<NovelFinding>(words => words
            .AddModel("model", (context, _) => new($"{context.Iteration}")).ConvergeWhenAll(Novelty.Below(0.1)).Limit(iterations: 2));

        Assert.Equal((1.0, 2), (raised.Novelty, raised.Iteration));
    }

    [Fact]
    public async Task A_score_that_falls_is_a_model_divergence()
    {
        var raised = await RaisedAsync<ModelDivergence>(words => words
            .AddModel("model", (context, _) => new(new Refinement<string>($"{context.Iteration}", context.Iteration == 1 ? 0.9 : 0.2))).ConvergeWhenAll(Stability.Over(2)).EscalateWith(Ladder.Of()));

        Assert.Equal((DivergenceForm.ScoreFell, 0.7, 3), (raised.Form, Math.Round(raised.Disagreement, 6), raised.Iteration));
    }

    private static async Task<TEvent> RaisedAsync<TEvent>(Action<TaskClassBuilder<string, string>> words)
        where TEvent : RqmlEvent
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, words));
        using var subscription = host.Services.GetRequiredService<IRqmlEvents>().Subscribe();
        var first = FirstAsync(subscription);
        var task = await host.Client.SubmitAsync(Words.Class, "a");
        await TestHost.Step("completion", task.Completion);
        var raised = await TestHost.Step("the event", first);
        Assert.Equal((task.Id, "words"), (raised.Task, raised.Class));
        return raised;

        static async Task<TEvent> FirstAsync(EventSubscription events)
        {
            await foreach (var raised in events)
            {
                if (raised is TEvent wanted) return wanted;
            }

            throw new InvalidOperationException("The subscription has ended.");
        }
    }

    private sealed class Yes : IArtifactValidator<string, string>
    {
        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken) => new(Validation.Accept);
    }

    private sealed class No : IArtifactValidator<string, string>
    {
        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken) => new(Validation.Reject("No."));
    }
}
