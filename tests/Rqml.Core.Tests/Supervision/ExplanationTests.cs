using Microsoft.Extensions.Time.Testing;
using Rqml.Core.Tests.Hosting;
using Rqml.Supervision;

namespace Rqml.Core.Tests.Supervision;

public sealed class ExplanationTests
{
    [Fact]
    public async Task An_open_task_is_explained_by_the_node_that_works_on_it()
    {
        var gate = new Gate();
        await using var host = await TestHost.StartAsync(rqml => rqml.AddNode("b").AddWords(
            (context, token) => context.Iteration < 4 ? Words.Count(context, token) : gate.Refine(context, token)), time: new FakeTimeProvider());
        var task = await host.Client.SubmitAsync(Words.Class, "a");
        await TestStep.Of("the fourth iteration", gate.Entered);

        var story = await host.Client.ExplainAsync(task.Id);

        Assert.Null(story.Outcome);
        var step = Assert.Single(story.Steps);
        Assert.Equal((1, 3, "model", SupervisionAction.Continue, 3), (step.From, step.To, step.Model, step.Action, story.Passes));
        Assert.Single(story.Nodes);
        Assert.EndsWith("3 passes, cost 3, 0 s on workers", story.ToString(), StringComparison.Ordinal);
        gate.Open();
        await TestHost.Step("completion", task.Completion);
    }

    [Fact]
    public async Task A_settled_task_is_explained_as_long_as_its_result_is_kept_also_after_a_restart()
    {
        var store = new KeptStore();
        TaskId task;
        string told;
        await using (var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo).UseStore("kept", _ => store)))
        {
            var handle = await host.Client.SubmitAsync(Words.Class, "a");
            var result = await TestHost.Step("completion", handle.Completion);
            task = handle.Id;
            told = result.Story.ToString();
            Assert.Equal(told, (await host.Client.ExplainAsync(task)).ToString());
        }

        await using var again = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo).UseStore("kept", _ => store));
        var story = await again.Client.ExplainAsync(task);
        Assert.Equal(told, story.ToString());
        Assert.Equal((Outcome.Converged, 2, 2.0), (story.Outcome, story.Passes, story.Cost));
        Assert.Equal([SupervisionAction.Continue, SupervisionAction.Accept], story.Steps.Select(step => step.Action));
    }

    [Fact]
    public async Task A_task_that_has_not_begun_has_an_empty_story_and_one_that_nobody_knows_has_none()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo));
        var later = await host.Client.SubmitAsync(Words.Class, "a", new SubmitOptions { NotBefore = TimeSpan.FromDays(1) });

        Assert.Empty((await host.Client.ExplainAsync(later.Id)).Steps);
        await Assert.ThrowsAsync<UnknownTaskException>(async () => await host.Client.ExplainAsync(TaskId.Create(1, 2, new LedgerId(3))));
    }
}
