using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Rqml.Checkpoints;
using Rqml.Core.Tests.Hosting;
using Rqml.Storage;

namespace Rqml.Core.Tests.Tasks;

/// <summary>What the ledger's store gives back, after a restart and before.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task Tasks_are_found_again_by_id_the_settled_ones_with_their_results_and_the_open_ones_go_on()
    {
        var store = new KeptStore();
        var gate = new Gate();
        TaskId settled, open;
        await using (var host = await TestHost.StartAsync(rqml => rqml.UseStore("kept", _ => store).AddWords((context, stop) => context.Payload == "open" ? gate.Refine(context, stop) : Words.Echo(context, stop))))
        {
            var first = await host.Client.SubmitAsync(Words.Class, "settled", new SubmitOptions { PartitionKey = "p" });
            settled = first.Id;
            await TestHost.Step("completion", first.Completion);
            open = (await host.Client.SubmitAsync(Words.Class, "open")).Id;
            await TestStep.Of("the first pass", gate.Entered);
        }

        gate.Open();
        var readsBefore = store.Reads;
        await using var again = await TestHost.StartAsync(rqml => rqml.UseStore("kept", _ => store).AddWords(Words.Echo));
        var found = await again.Client.AttachAsync(Words.Class, settled);
        Assert.Equal("settled", (await TestHost.Step("completion", found.Completion)).Artifact);
        Assert.Equal("p", (await found.GetStatusAsync()).PartitionKey);
        Assert.Equal("open", (await TestHost.Step("completion", (await again.Client.AttachAsync(Words.Class, open)).Completion)).Artifact);
        Assert.True(store.Reads > readsBefore);

        var requeued = await again.Client.RequeueAsync(settled);
        Assert.Equal("settled", (await TestHost.Step("completion", (await again.Client.AttachAsync(Words.Class, requeued)).Completion)).Artifact);
        Assert.Equal(3, (await again.Client.ListAsync(new TaskFilter { Class = "words" }).ToListAsync()).Count);
        Assert.Equal([settled], (await again.Client.ListAsync(new TaskFilter { PartitionKey = "p", SubmittedSince = DateTimeOffset.UnixEpoch }).ToListAsync()).Select(status => status.Id).Where(id => id == settled));
        await Assert.ThrowsAsync<ArgumentException>(() => again.Client.AttachAsync(new TaskClass<string, int>("words"), settled).AsTask());
    }

    [Fact]
    public async Task What_is_submitted_after_a_restart_comes_later_though_the_clock_was_set_back()
    {
        var store = new KeptStore();
        TaskId before;
        await using (var host = await TestHost.StartAsync(rqml => rqml.UseStore("kept", _ => store).AddWords(Words.Echo), time: new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 13, 0, 0, TimeSpan.Zero))))
        {
            before = (await host.Client.SubmitAsync(Words.Class, "before", new SubmitOptions { NotBefore = TimeSpan.FromDays(1) })).Id;
        }

        await using var again = await TestHost.StartAsync(rqml => rqml.UseStore("kept", _ => store).AddWords(Words.Echo), time: new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero)));
        var after = await again.Client.SubmitAsync(Words.Class, "after");

        Assert.True(after.Id > before);
    }

    [Fact]
    public async Task A_start_reads_no_payload_and_no_artifact_of_settled_tasks()
    {
        var store = new KeptStore();
        await using (var host = await TestHost.StartAsync(rqml => rqml.UseStore("kept", _ => store).AddWords(Words.Echo)))
        {
            var handles = await host.Client.SubmitAllAsync(Words.Class, Words.Stream(50)).ToListAsync();
            await TestHost.Step("all completions", Task.WhenAll(handles.Select(handle => handle.Completion)));
        }

        var reads = store.Reads;
        await using var again = await TestHost.StartAsync(rqml => rqml.UseStore("kept", _ => store).AddWords(Words.Echo));

        Assert.Equal(50, (await again.Client.ListAsync().ToListAsync()).Count);
        Assert.InRange(store.Reads - reads, 0, 10);      // ledger id, terms: nothing of the fifty
    }

    [Fact]
    public async Task Results_are_purged_after_their_retention_from_memory_and_store()
    {
        var store = new KeptStore();
        var time = new FakeTimeProvider();
        await using var host = await TestHost.StartAsync(rqml => rqml.UseStore("kept", _ => store).AddWords(Words.Echo).Configure(options => options.KeepResults = TimeSpan.FromMinutes(1)), time: time);
        var handles = await TestHost.Step("the submissions", host.Client.SubmitAllAsync(Words.Class, Words.Stream(600)).ToListAsync());
        await host.Pass("all completions", Task.WhenAll(handles.Select(handle => handle.Completion)));
        Assert.NotEmpty(store.Scan(StoreFamily.Ledger, default));

        await host.Pass(TimeSpan.FromMinutes(2));

        Assert.Empty(await host.Client.ListAsync().ToListAsync());
        await Assert.ThrowsAsync<UnknownTaskException>(() => host.Client.AttachAsync(Words.Class, handles[0].Id).AsTask());
        await Assert.ThrowsAsync<UnknownTaskException>(() => handles[0].GetStatusAsync().AsTask());
        await TestHost.Until("the purge of the store", () => !store.Scan(StoreFamily.Ledger, default).Any());
    }

    [Fact]
    public async Task Checkpoints_are_a_service_and_without_a_store_the_error_says_so()
    {
        var gate = new Gate();
        await using var host = await TestHost.StartAsync(rqml => rqml.UseStore("kept", _ => new KeptStore()).AddWords(Words.Echo));
        Assert.Equal(0, host.Services.GetRequiredService<ICheckpointStore>().Damaged);

        await using var bare = await TestHost.StartAsync(rqml => rqml.AddWords(gate.Refine));
        var error = Assert.Throws<NoStoreException>(() => bare.Services.GetRequiredService<ICheckpointStore>());
        Assert.Equal("local", error.Node.Value);
    }
}
