using Rqml.Core.Tests.Hosting;

namespace Rqml.Core.Tests.Tasks;

public sealed class SubmitTests
{
    private static readonly TaskClass<string, string> Words = new("words");

    [Fact]
    public async Task A_task_is_refined_until_its_artifact_is_stable()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words, words => words
            .AddModel("grow", (context, _) => new(Grow(context)))
            .ConvergeWhenAll(Stability.Over(2).AtLeast(1.0))));

        var task = await host.Client.SubmitAsync(Words, "abc");
        var result = await TestHost.Step("completion", task.Completion);

        Assert.Equal(Outcome.Converged, result.Outcome);
        Assert.Equal("abc", result.Artifact);
        Assert.Equal(4, result.Iterations);
    }

    [Fact]
    public async Task A_thousand_tasks_over_three_nodes_are_settled_once_each()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml
            .AddNode("b").AddNode("c")
            .AddTaskClass(Words, words => words
                .AddModel("grow", (context, _) => new(Grow(context)))
                .ConvergeWhenAll(Stability.Over(2).AtLeast(1.0))));

        var tasks = new List<RefinementHandle<string>>();
        for (var i = 0; i < 1_000; i++) tasks.Add(await host.Client.SubmitAsync(Words, $"{i}"));
        var results = await TestHost.Step("all completions", Task.WhenAll(tasks.Select(task => task.Completion)));

        Assert.All(results, result => Assert.Equal(Outcome.Converged, result.Outcome));
        Assert.Equal(Enumerable.Range(0, 1_000).Select(i => $"{i}"), results.Select(result => result.Artifact));
        Assert.True(results.Select(result => result.Node).Distinct().Count() == 3, "some node did nothing");
    }

    private static Refinement<string> Grow(RefinementContext<string, string> context)
    {
        var length = Math.Min(context.Payload.Length, (context.Artifact?.Length ?? 0) + 1);
        return context.Payload[..length];
    }
}
