using Rqml.Core.Tests.Hosting;

namespace Rqml.Core.Tests.Tasks;

public sealed class IdempotencyTests
{
    private static readonly SubmitOptions Keyed = new() { IdempotencyKey = "key", KeepResult = TimeSpan.FromHours(1) };

    [Fact]
    public async Task A_second_submission_gets_the_first_ones_task_open_or_settled()
    {
        var gate = new Gate();
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(gate.Refine));
        var first = await host.Client.SubmitAsync(Words.Class, "a", Keyed);

        var open = Assert.IsType<SubmitOutcome<string>.Existing>(await host.Client.TrySubmitAsync(Words.Class, "a", Keyed));
        Assert.Same(first, open.Handle);

        gate.Open();
        await TestHost.Step("completion", first.Completion);
        var settled = Assert.IsType<SubmitOutcome<string>.Existing>(await host.Client.TrySubmitAsync(Words.Class, "a", Keyed));
        Assert.Equal(first.Id, settled.Handle.Id);
        Assert.Equal("a", (await TestHost.Step("completion", settled.Handle.Completion)).Artifact);
        Assert.Equal(first.Id, (await host.Client.SubmitAsync(Words.Class, "a", Keyed)).Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Another_payload_under_the_same_key_is_a_conflict_open_or_settled_and_after_a_restart(bool isDurable)
    {
        var gate = new Gate();
        var store = new KeptStore();
        await using (var host = await TestHost.StartAsync(Configure))
        {
            var first = await host.Client.SubmitAsync(Words.Class, "a", Keyed);
            var conflict = await Assert.ThrowsAsync<IdempotencyConflictException>(() => host.Client.SubmitAsync(Words.Class, "b", Keyed).AsTask());
            Assert.Equal(("words", "key", first.Id), (conflict.Class, conflict.Key, conflict.Existing));

            gate.Open();
            await TestHost.Step("completion", first.Completion);
            await Assert.ThrowsAsync<IdempotencyConflictException>(() => host.Client.TrySubmitAsync(Words.Class, "b", Keyed).AsTask());
        }

        if (!isDurable) return;
        await using var again = await TestHost.StartAsync(Configure);
        await Assert.ThrowsAsync<IdempotencyConflictException>(() => again.Client.TrySubmitAsync(Words.Class, "b", Keyed).AsTask());
        Assert.IsType<SubmitOutcome<string>.Existing>(await again.Client.TrySubmitAsync(Words.Class, "a", Keyed));

        void Configure(IRqmlBuilder rqml)
        {
            rqml.AddWords(gate.Refine);
            if (isDurable) rqml.UseStore("kept", _ => store);
        }
    }

    [Fact]
    public async Task A_key_is_of_one_class_and_is_free_again_after_the_retention()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var other = new TaskClass<string, string>("other");
        await using var host = await TestHost.StartAsync(
            rqml => rqml.AddWords(Words.Echo).AddTaskClass(other, words => words.AddModel("model", Words.Echo).ConvergeWhenAll(Stability.Over(2).AtLeast(1.0))), time: time);
        var first = await host.Client.SubmitAsync(Words.Class, "a", Keyed);
        Assert.IsType<SubmitOutcome<string>.Accepted>(await host.Client.TrySubmitAsync(other, "b", Keyed));
        await host.Pass("completion", first.Completion);

        await host.Pass(TimeSpan.FromMinutes(61));

        Assert.IsType<SubmitOutcome<string>.Accepted>(await host.Client.TrySubmitAsync(Words.Class, "b", Keyed));
    }

    [Fact]
    public async Task Without_retention_a_key_holds_as_long_as_its_task_is_open_and_no_longer()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo));
        var options = new SubmitOptions { IdempotencyKey = "key" };
        var submissions = Enumerable.Range(0, 500).Select(_ => host.Client.SubmitAsync(Words.Class, "a", options).AsTask());

        // The task of one submission may be settled and purged while the next is told of it: then that one is taken anew.
        var handles = await TestHost.Step("all submissions", Task.WhenAll(submissions));
        var results = await TestHost.Step("all completions", Task.WhenAll(handles.Select(handle => handle.Completion)));

        Assert.All(results, result => Assert.Equal("a", result.Artifact));
        Assert.Empty(await host.Client.ListAsync().ToListAsync());
    }
}
