using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Rqml.Cluster;
using Rqml.Core.Tests.Hosting;
using Rqml.Storage;

namespace Rqml.Core.Tests.Tasks;

/// <summary>Whoever waits for a ledger that has stopped hears of it.</summary>
public sealed class LedgerLostTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stop_ends_completions_and_streams_of_open_tasks_and_says_that_durable_ones_go_on(bool isDurable)
    {
        var gate = new Gate();
        var host = await TestHost.StartAsync(rqml => (isDurable ? rqml.UseStore("kept", _ => new KeptStore()) : rqml).AddWords(gate.Refine));
        var handle = await host.Client.SubmitAsync(Words.Class, "a");
        var stream = handle.Iterations().ToListAsync();
        await TestStep.Of("the first pass", gate.Entered);

        await host.Host.StopAsync(new CancellationToken(canceled: true));      // the pass that runs is not waited for

        var lost = await Assert.ThrowsAsync<LedgerLostException>(() => handle.Completion.WaitAsync(TestStep.Limit));
        Assert.Equal("local", lost.Node.Value);
        Assert.Contains("durable tasks go on after its restart", lost.Message, StringComparison.Ordinal);
        Assert.Empty(await TestHost.Step("the end of the stream", stream));
        Assert.Empty(await TestHost.Step("the end of a later stream", handle.Iterations().ToListAsync()));
        await host.DisposeAsync();
    }

    [Fact]
    public async Task After_the_stop_every_call_answers()
    {
        var store = new KeptStore();
        var host = await TestHost.StartAsync(rqml => rqml.UseStore("kept", _ => store).AddWords(Words.Echo));
        var client = host.Client;
        var handle = await client.SubmitAsync(Words.Class, "a");
        await TestHost.Step("completion", handle.Completion);
        await host.StopAsync();

        await Assert.ThrowsAsync<ShuttingDownException>(() => client.SubmitAsync(Words.Class, "a").AsTask().WaitAsync(TestStep.Limit));
        Assert.IsType<SubmitOutcome<string>.ShuttingDown>(await TestHost.Step("the outcome", client.TrySubmitAsync(Words.Class, "a").AsTask()));
        await Assert.ThrowsAsync<LedgerLostException>(() => client.CancelAsync(handle.Id).AsTask().WaitAsync(TestStep.Limit));
        await Assert.ThrowsAsync<LedgerLostException>(() => client.AttachAsync(Words.Class, handle.Id).AsTask().WaitAsync(TestStep.Limit));
        await Assert.ThrowsAsync<LedgerLostException>(() => client.RequeueAsync(handle.Id).AsTask().WaitAsync(TestStep.Limit));
        await Assert.ThrowsAsync<LedgerLostException>(() => client.ListAsync().ToListAsync().WaitAsync(TestStep.Limit));
        await Assert.ThrowsAsync<LedgerLostException>(() => handle.GetStatusAsync().AsTask().WaitAsync(TestStep.Limit));
        await host.DisposeAsync();
    }

    [Fact]
    public async Task No_call_that_races_the_stop_hangs()
    {
        for (var round = 0; round < 20; round++)
        {
            var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo).Configure(options => options.MaxOpenTasks = 8));
            var client = host.Client;
            var known = await client.SubmitAsync(Words.Class, "a", new SubmitOptions { KeepResult = TimeSpan.FromHours(1) });
            var callers = Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
            {
                while (true)
                {
                    try
                    {
                        switch (caller % 5)
                        {
                            case 0:
                                await (await client.SubmitAsync(Words.Class, "a")).Completion;
                                break;
                            case 1:
                                if (await client.TrySubmitAsync(Words.Class, "a") is SubmitOutcome<string>.ShuttingDown) return;
                                break;
                            case 2:
                                await client.CancelAsync(known.Id);
                                break;
                            case 3:
                                await (await client.AttachAsync(Words.Class, known.Id)).Completion;
                                break;
                            default:
                                await client.ListAsync().ToListAsync();
                                break;
                        }
                    }
                    catch (Exception error) when (error is ShuttingDownException or LedgerLostException)
                    {
                        return;
                    }
                }
            })).ToArray();

            await host.StopAsync();

            await TestStep.Of("every caller's end", Task.WhenAll(callers));
            await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_store_that_fails_faults_completions_waiting_calls_and_later_ones_with_its_error()
    {
        var gate = new Gate();
        var store = new KeptStore();
        await using var host = await TestHost.StartAsync(rqml => rqml.UseStore("kept", _ => store).AddWords(gate.Refine).Configure(options => options.MaxOpenTasks = 2));
        var open = await host.Client.SubmitAsync(Words.Class, "a");
        var cancelled = await host.Client.SubmitAsync(Words.Class, "b");
        var waiting = host.Client.SubmitAsync(Words.Class, "c").AsTask();
        var stream = open.Iterations().ToListAsync();

        store.Break();
        var cancelling = cancelled.CancelAsync().AsTask();

        await LostAsync(() => cancelling);
        await LostAsync(() => cancelled.Completion);
        await LostAsync(() => open.Completion);
        await LostAsync(() => waiting);
        Assert.Empty(await TestHost.Step("the end of the stream", stream));
        await LostAsync(() => host.Client.SubmitAsync(Words.Class, "d").AsTask());
        await LostAsync(() => host.Client.TrySubmitAsync(Words.Class, "d").AsTask());
        await LostAsync(() => host.Client.AttachAsync(Words.Class, open.Id).AsTask());
        await LostAsync(() => host.Client.ListAsync().ToListAsync());

        static async Task LostAsync(Func<Task> call)
        {
            var lost = await Assert.ThrowsAsync<LedgerLostException>(() => call().WaitAsync(TestStep.Limit));
            Assert.IsType<StoreFailedException>(lost.InnerException);
        }
    }

    [Fact]
    public async Task A_logger_that_throws_keeps_nobody_from_hearing_that_the_store_has_failed()
    {
        var gate = new Gate();
        var store = new KeptStore();
        await using var host = await TestHost.StartAsync(
            rqml => rqml.UseStore("kept", _ => store).AddWords(gate.Refine), services => services.AddLogging(logging => logging.AddProvider(new LogsOnAFullDisk())));
        var open = await host.Client.SubmitAsync(Words.Class, "a");

        store.Break();

        await Assert.ThrowsAsync<LedgerLostException>(() => host.Client.SubmitAsync(Words.Class, "in the commit that fails").AsTask().WaitAsync(TestStep.Limit));
        await Assert.ThrowsAsync<LedgerLostException>(() => open.CancelAsync().AsTask().WaitAsync(TestStep.Limit));
        await Assert.ThrowsAsync<LedgerLostException>(() => open.Completion.WaitAsync(TestStep.Limit));
    }

    [Fact]
    public async Task A_store_that_fails_takes_its_own_host_and_no_other()
    {
        var time = new FakeTimeProvider();
        var gate = new Gate();
        var broken = new KeptStore();
        await using var coordination = new InMemoryCoordinationStore(time);
        await using var whole = await StartAsync("whole", new KeptStore());
        var others = await TestHost.Step("the submissions", whole.Client.SubmitAllAsync(Words.Class, Words.Stream(20)).ToListAsync());
        await whole.Pass("the first pass", gate.Entered);
        await using var failing = await StartAsync("failing", broken);
        var lost = await failing.Client.SubmitAsync(Words.Class, "lost");

        broken.Break();
        await Assert.ThrowsAsync<LedgerLostException>(() => failing.Client.SubmitAsync(Words.Class, "later").AsTask().WaitAsync(TestStep.Limit));
        await Assert.ThrowsAsync<LedgerLostException>(() => lost.Completion.WaitAsync(TestStep.Limit));

        gate.Open();
        var results = await whole.Pass("all completions of the other host", Task.WhenAll(others.Select(task => task.Completion)));
        Assert.All(results, result => Assert.Equal(Outcome.Converged, result.Outcome));
        var next = await whole.Client.SubmitAsync(Words.Class, "next");
        Assert.Equal(Outcome.Converged, (await whole.Pass("completion of the next", next.Completion)).Outcome);

        Task<TestHost> StartAsync(string node, KeptStore store) => TestHost.StartAsync(
            rqml => rqml.AddInProcess().UseStore("kept", _ => store).UseCoordinationStore("memory", _ => coordination).AddWords(gate.Refine).Configure(options => options.NodeName = node), time: time);
    }

    [Fact]
    public async Task What_became_durable_in_the_last_moment_of_the_stop_is_still_said()
    {
        var gate = new Gate();
        var store = new KeptStore();
        var time = new FakeTimeProvider();
        await using var host = await TestHost.StartAsync(rqml => rqml.UseStore("kept", _ => store).AddWords(gate.Refine), time: time);
        var handle = await host.Client.SubmitAsync(Words.Class, "a");
        await TestStep.Of("the first pass", gate.Entered);
        store.Hold();
        var cancelling = handle.CancelAsync().AsTask();
        for (var round = 0; round < 2; round++) await host.Main.Node!.GetQueuesAsync();      // by the second answer the loop has taken the cancel, and only the disk is awaited

        var stopping = host.Host.StopAsync(new CancellationToken(canceled: true));
        store.Release();
        await TestStep.Of("the stop", stopping);

        Assert.True(await TestHost.Step("the answer to the cancel", cancelling));
        Assert.Equal(Outcome.Cancelled, (await TestHost.Step("completion", handle.Completion)).Outcome);
    }

    private sealed class LogsOnAFullDisk : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) throw new IOException("No space left on device.");
        }

        public void Dispose() { }
    }
}
