using System.Buffers;
using Rqml.Core.Tests.Hosting;

namespace Rqml.Core.Tests.Tasks;

public sealed class SubmitOutcomeTests
{
    [Fact]
    public async Task A_full_ledger_says_when_to_try_again_and_takes_the_next_task_once_one_is_settled()
    {
        var gate = new Gate();
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(gate.Refine).Configure(options => options.MaxOpenTasks = 2));
        var first = await host.Client.SubmitAsync(Words.Class, "a");
        await host.Client.SubmitAsync(Words.Class, "b");

        var full = Assert.IsType<SubmitOutcome<string>.Full>(await host.Client.TrySubmitAsync(Words.Class, "c"));
        Assert.True(full.RetryAfter > TimeSpan.Zero);

        await first.CancelAsync();
        await TestHost.Step("completion", first.Completion);
        await TestHost.Step("the ledger's next turn", host.Client.ListAsync().ToListAsync());      // room is made behind the answers of a turn
        Assert.IsType<SubmitOutcome<string>.Accepted>(await host.Client.TrySubmitAsync(Words.Class, "c"));
        gate.Open();
    }

    [Fact]
    public async Task A_submitter_waits_for_room_and_writes_its_payload_once()
    {
        var gate = new Gate();
        var payloads = new CountingSerializer();
        var counted = new TaskClass<string, string>("counted", payloads, new CountingSerializer());
        await using var host = await TestHost.StartAsync(rqml => rqml
            .AddTaskClass(counted, words => words.AddModel("gate", gate.Refine).ConvergeWhenAll(Stability.Over(2).AtLeast(1.0)))
            .Configure(options => options.MaxOpenTasks = 1));
        await host.Client.SubmitAsync(counted, "first");

        var waiting = Enumerable.Range(0, 20).Select(number => host.Client.SubmitAsync(counted, $"{number}").AsTask()).ToArray();
        Assert.DoesNotContain(waiting, task => task.IsCompleted);
        Assert.Equal(1, payloads.Writes);

        gate.Open();
        var handles = await TestHost.Step("all submissions", Task.WhenAll(waiting));
        await TestHost.Step("all completions", Task.WhenAll(handles.Select(handle => handle.Completion)));
        Assert.Equal(21, payloads.Writes);
    }

    [Fact]
    public async Task A_cancelled_wait_for_room_submits_nothing()
    {
        var gate = new Gate();
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(gate.Refine).Configure(options => options.MaxOpenTasks = 1));
        await host.Client.SubmitAsync(Words.Class, "a");
        using var cancelling = new CancellationTokenSource();
        var waiting = host.Client.SubmitAsync(Words.Class, "b", cancellationToken: cancelling.Token).AsTask();

        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Single(await host.Client.ListAsync().ToListAsync());
    }

    [Fact]
    public async Task A_stream_is_submitted_as_room_allows_and_comes_back_in_order()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo).Configure(options => options.MaxOpenTasks = 4));

        var handles = await TestHost.Step("the last submission", host.Client.SubmitAllAsync(Words.Class, Words.Stream(200)).ToListAsync());
        var results = await TestHost.Step("all completions", Task.WhenAll(handles.Select(handle => handle.Completion)));

        Assert.Equal(Enumerable.Range(0, 200).Select(number => $"{number}"), results.Select(result => result.Artifact));
    }

    [Fact]
    public async Task Who_breaks_off_a_bulk_submission_waits_for_no_room_and_submits_nothing_more()
    {
        var gate = new Gate();
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(gate.Refine).Configure(options => options.MaxOpenTasks = 1));

        var first = await TestHost.Step("the end of the bulk submission", FirstAsync());

        Assert.Equal(first, Assert.Single(await host.Client.ListAsync().ToListAsync()).Id);
        gate.Open();

        async Task<TaskId> FirstAsync()
        {
            await foreach (var handle in host.Client.SubmitAllAsync(Words.Class, Words.Stream(200))) return handle.Id;
            throw new InvalidOperationException("Nothing was submitted.");
        }
    }

    [Fact]
    public async Task A_stream_is_told_what_is_taken_before_it_gives_more()
    {
        var store = new KeptStore();
        await using var host = await TestHost.StartAsync(rqml => rqml.UseStore("kept", _ => store).AddWords(Words.Echo));
        var taken = new SemaphoreSlim(0);

        await TestStep.Of("the stream", ReadAsync());

        async Task ReadAsync()
        {
            await foreach (var handle in host.Client.SubmitAllAsync(Words.Class, GiveAsync())) taken.Release();
        }

        async IAsyncEnumerable<string> GiveAsync()
        {
            for (var number = 0; number < 3; number++)
            {
                yield return $"{number}";
                await taken.WaitAsync();
            }
        }
    }

    [Fact]
    public async Task Who_breaks_off_does_not_wait_for_a_stream_that_gives_nothing_more()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo));
        var never = new TaskCompletionSource();

        await TestStep.Of("the end of the bulk submission", FirstAsync());
        never.SetResult();

        async Task FirstAsync()
        {
            await foreach (var handle in host.Client.SubmitAllAsync(Words.Class, GiveAsync())) return;
        }

        async IAsyncEnumerable<string> GiveAsync()
        {
            yield return "a";
            await never.Task;
        }
    }

    [Fact]
    public async Task From_the_beginning_of_the_stop_on_nothing_is_taken_and_those_who_wait_are_sent_away()
    {
        var gate = new Gate();
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(gate.RefineDeaf).Configure(options => (options.MaxOpenTasks, options.DrainTimeout) = (1, TimeSpan.FromHours(1))), time: time);
        await host.Client.SubmitAsync(Words.Class, "a");
        await TestStep.Of("the first pass", gate.Entered);
        var waiting = host.Client.SubmitAsync(Words.Class, "b").AsTask();
        var requeueing = host.Client.RequeueAsync((await host.Client.ListAsync().ToListAsync())[0].Id).AsTask();

        var stopping = host.StopAsync();      // waits for the pass that runs

        await Assert.ThrowsAsync<ShuttingDownException>(() => waiting.WaitAsync(TestStep.Limit));
        await Assert.ThrowsAsync<InvalidOperationException>(() => requeueing.WaitAsync(TestStep.Limit));
        Assert.IsType<SubmitOutcome<string>.ShuttingDown>(await host.Client.TrySubmitAsync(Words.Class, "c"));
        await Assert.ThrowsAsync<ShuttingDownException>(() => host.Client.SubmitAsync(Words.Class, "c").AsTask());
        Assert.False(stopping.IsCompleted);
        gate.Open();
        await TestStep.Of("the stop", stopping);
        Assert.IsType<SubmitOutcome<string>.ShuttingDown>(await host.Client.TrySubmitAsync(Words.Class, "c"));
    }

    [Fact]
    public async Task What_cannot_be_taken_is_refused_with_what_where_and_the_limit()
    {
        var failing = new TaskClass<string, string>("failing", new CountingSerializer { Fails = true }, new CountingSerializer());
        await using var host = await TestHost.StartAsync(rqml => rqml
            .AddWords(Words.Echo, words => words.Limit(payloadBytes: 8))
            .AddTaskClass(failing, words => words.AddModel("model", Words.Echo))
            .Configure(options => options.MaxOpenTasks = 1));
        var client = host.Client;

        var unknown = await Assert.ThrowsAsync<UnknownTaskClassException>(() => client.SubmitAsync(new TaskClass<string, string>("other", 3), "a").AsTask());
        Assert.Equal(("other", 3), (unknown.Class, unknown.Version));
        var large = await Assert.ThrowsAsync<PayloadTooLargeException>(() => client.SubmitAsync(Words.Class, "123456789").AsTask());
        Assert.Equal(("words", 11L, 8L), (large.Class, large.Bytes, large.MaxBytes));
        var thrown = await Assert.ThrowsAsync<SerializationFailedException>(() => client.SubmitAsync(failing, "a").AsTask());
        Assert.Equal((typeof(string), "payload"), (thrown.Type, thrown.What));
        await Assert.ThrowsAsync<ArgumentException>(() => client.SubmitAsync(new TaskClass<string, int>("words"), "a").AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>(() => client.SubmitAsync<string, string>(null!, "a").AsTask());

        // Each gave its permit back: the one that there is, is free.
        Assert.IsType<SubmitOutcome<string>.Accepted>(await client.TrySubmitAsync(Words.Class, "a"));
    }

    public static TheoryData<string, SubmitOptions> OutOfRange => new()
    {
        { nameof(SubmitOptions.Priority), new SubmitOptions { Priority = 1_001 } },
        { nameof(SubmitOptions.Difficulty), new SubmitOptions { Difficulty = double.NaN } },
        { nameof(SubmitOptions.Deadline), new SubmitOptions { Deadline = TimeSpan.Zero } },
        { nameof(SubmitOptions.PartitionKey), new SubmitOptions { PartitionKey = "" } },
        { nameof(SubmitOptions.IdempotencyKey), new SubmitOptions { IdempotencyKey = new string('k', 513) } },
        { nameof(SubmitOptions.NotBefore), new SubmitOptions { NotBefore = TimeSpan.FromTicks(-1) } },
        { nameof(SubmitOptions.KeepResult), new SubmitOptions { KeepResult = TimeSpan.FromDays(3651) } },
        { nameof(TaskBudget.Iterations), new SubmitOptions { Budget = new TaskBudget { Iterations = 0 } } },
        { nameof(TaskBudget.Time), new SubmitOptions { Budget = new TaskBudget { Time = TimeSpan.Zero } } },
        { nameof(TaskBudget.Cost), new SubmitOptions { Budget = new TaskBudget { Cost = double.PositiveInfinity } } },
    };

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public async Task An_option_out_of_range_is_named(string option, SubmitOptions options)
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo));

        var error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => host.Client.SubmitAsync(Words.Class, "a", options).AsTask());

        Assert.Contains($".{option} is ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_options_out_of_range_are_named_at_once()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo));
        var options = new SubmitOptions { Priority = 5_000, Difficulty = 7, Budget = new TaskBudget { Iterations = 0 } };

        var error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => host.Client.SubmitAsync(Words.Class, "a", options).AsTask());

        foreach (var fault in (string[])["Priority is 5000; it takes -1000 to 1000.", "Difficulty is 7; it takes 0 to 1.", "Budget.Iterations is 0; it takes 1 to 1,000,000."]) Assert.Contains(fault, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_of_submissions_waits_for_its_commits_together()
    {
        var store = new KeptStore();
        var serializer = new CountingSerializer();
        var words = new TaskClass<string, string>("counted", serializer, serializer);
        await using var host = await TestHost.StartAsync(rqml => rqml.UseStore("kept", _ => store).AddTaskClass(words, counted => counted.AddModel("echo", Words.Echo).ConvergeWhenAll(Stability.Over(2).AtLeast(1.0))));
        store.Hold();
        var submitting = host.Client.SubmitAllAsync(words, Words.Stream(500)).ToListAsync();
        await TestHost.Until("many submissions on the way while no commit comes back", () => serializer.Writes >= 200);
        store.Release();

        var handles = await TestHost.Step("the submissions", submitting);
        Assert.Equal(500, handles.Count);
        Assert.Equal(handles.Select(handle => handle.Id).Order(), handles.Select(handle => handle.Id));
        await TestHost.Step("all completions", Task.WhenAll(handles.Select(handle => handle.Completion)));
    }

    private sealed class CountingSerializer : IValueSerializer<string>
    {
        private int _writes;

        public bool Fails { get; init; }

        public int Writes => Volatile.Read(ref _writes);

        public void Serialize(string value, IBufferWriter<byte> target)
        {
            Interlocked.Increment(ref _writes);
            if (Fails) throw new NotSupportedException("The test says so.");
            target.Write(System.Text.Encoding.UTF8.GetBytes(value));
        }

        public string Deserialize(ReadOnlyMemory<byte> source) => System.Text.Encoding.UTF8.GetString(source.Span);
    }
}
