using Rqml.Core.Tests.Hosting;
using Rqml.Messaging;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Tasks;

public sealed class IterationsTests
{
    [Fact]
    public async Task A_reader_sees_the_iterations_in_order_to_the_end()
    {
        var gate = new Gate();
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(gate.Refine));
        var task = await host.Client.SubmitAsync(Words.Class, "a");
        await TestStep.Of("the first pass", gate.Entered);
        var stream = task.Iterations().ToListAsync();
        await task.GetStatusAsync();      // asked in turn: the watch has passed the ledger
        gate.Open();

        var seen = await TestHost.Step("the end of the stream", stream);
        await TestHost.Step("completion", task.Completion);

        Assert.Equal(seen.Select(step => step.Number).Order(), seen.Select(step => step.Number));
        Assert.All(seen, step => Assert.Equal("a", step.Artifact));
        Assert.Equal(seen.Select(step => step.Number), (await TestHost.Step("a later reader's end", task.Iterations().ToListAsync())).Select(step => step.Number));
    }

    [Fact]
    public async Task After_a_re_attach_to_a_settled_task_the_stream_ends_at_once_and_the_status_is_there()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo));
        var task = await host.Client.SubmitAsync(Words.Class, "a", new SubmitOptions { KeepResult = TimeSpan.FromHours(1), Priority = 7 });
        await TestHost.Step("completion", task.Completion);

        var again = await host.Client.AttachAsync(Words.Class, task.Id);
        var status = await again.GetStatusAsync();

        Assert.Empty(await TestHost.Step("the end of the stream", again.Iterations().ToListAsync()));
        Assert.Equal((RefinementState.Settled, Outcome.Converged, 2, 7), (status.State, status.Outcome, status.Iterations, status.Priority));
        Assert.False(await again.CancelAsync());
    }

    [Fact]
    public async Task A_later_reader_first_gets_the_last_sixteen_a_slow_one_misses_the_oldest_and_one_that_stops_is_forgotten()
    {
        var feed = new IterationFeed();
        var slow = feed.Read();
        for (var number = 1; number <= 40; number++) feed.Add(Report(number));
        var later = feed.Read();
        feed.Add(Report(41));
        using (feed.Read()) Assert.Equal(3, feed.ReaderCount);
        Assert.Equal(2, feed.ReaderCount);
        feed.End();

        Assert.Equal(Enumerable.Range(26, 16), (await slow.Reports(default).ToListAsync()).Select(report => report.Iteration));
        Assert.Equal(Enumerable.Range(26, 16), (await later.Reports(default).ToListAsync()).Select(report => report.Iteration));
        Assert.Equal(Enumerable.Range(26, 16), (await feed.Read().Reports(default).ToListAsync()).Select(report => report.Iteration));
        slow.Dispose();
        later.Dispose();
        Assert.Equal(0, feed.ReaderCount);
    }

    private static IterationReport Report(int number) => new(number, default, 0, 0, "model", 0, new NodeId("node"));
}
