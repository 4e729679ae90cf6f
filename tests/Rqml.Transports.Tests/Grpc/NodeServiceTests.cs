using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Rqml.Hosting;
using Rqml.V1;

namespace Rqml.Transports.Tests.Grpc;

/// <summary>The service of a host, as a program sees it that has nothing but rqml.proto.</summary>
public sealed class NodeServiceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_task_is_submitted_watched_and_settled()
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting());
        var submitted = await host.Client.SubmitAsync(Request(3), Soon());
        Assert.False(submitted.Existing);

        var events = await WatchAsync(host, submitted.TaskId);
        var result = events[^1].Result;
        Assert.Equal((submitted.TaskId, V1.Outcome.Converged, "3", 4), (result.TaskId, result.Outcome, result.Artifact.ToStringUtf8(), result.Iterations));
        Assert.Equal(("next", "local", true, 4), (result.Model, result.Node, result.HasArtifact, result.Passes));
        Assert.All(events.SkipLast(1), reply => Assert.Equal(WatchReply.EventOneofCase.Iteration, reply.EventCase));
    }

    [Fact]
    public async Task Iterations_bring_their_artifacts_where_that_is_asked_for()
    {
        using var steps = new SemaphoreSlim(0);
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting(steps));
        var id = (await host.Client.SubmitAsync(Request(2), Soon())).TaskId;
        using var watching = host.Client.Watch(new WatchRequest { TaskId = id, WithArtifacts = true }, Soon());
        await UntilWatchedAsync(host, id);
        await UntilItsNodeKnowsAsync(host, id);
        var iterations = new List<string>();
        for (var i = 1; i <= 3; i++)
        {
            steps.Release();
            Assert.True(await watching.ResponseStream.MoveNext(CancellationToken.None));
            iterations.Add($"{watching.ResponseStream.Current.Iteration.Number}: {watching.ResponseStream.Current.Iteration.Artifact.ToStringUtf8()} {watching.ResponseStream.Current.Iteration.Decision}");
        }

        Assert.Equal(["1: 1 Continue", "2: 2 Continue", "3: 2 Accept"], iterations);
        Assert.True(await watching.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal("2", watching.ResponseStream.Current.Result.Artifact.ToStringUtf8());
        Assert.False(await watching.ResponseStream.MoveNext(CancellationToken.None));
    }

    [Fact]
    public async Task A_task_of_the_service_is_one_for_its_host_and_the_other_way_round()
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting().Configure(KeepResults));
        var there = await host.Client.SubmitAsync(Request(-1), Soon());
        var here = await host.Rqml.SubmitAsync(Counting.Class, -1);
        using (var watching = host.Client.Watch(new WatchRequest { TaskId = here.Id.ToString() }, Soon()))
        {
            Assert.True((await host.Client.CancelAsync(new CancelRequest { TaskId = here.Id.ToString() }, Soon())).Cancelled);
            Assert.True(await watching.ResponseStream.MoveNext(CancellationToken.None));
            Assert.Equal(V1.Outcome.Cancelled, watching.ResponseStream.Current.Result.Outcome);
        }

        var attached = await host.Rqml.AttachAsync(Counting.Class, TaskId.Parse(there.TaskId));
        Assert.True(await attached.CancelAsync());
        Assert.Equal(Outcome.Cancelled, (await attached.Completion).Outcome);
        Assert.False((await host.Client.CancelAsync(new CancelRequest { TaskId = there.TaskId }, Soon())).Cancelled);
    }

    [Fact]
    public async Task A_status_says_what_was_submitted_and_what_became_of_it()
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting().Configure(KeepResults));
        var id = (await host.Client.SubmitAsync(Request(-1, new V1.SubmitOptions { Priority = 7, PartitionKey = "p", IdempotencyKey = "i" }), Soon())).TaskId;
        var open = await host.Client.StatusAsync(new StatusRequest { TaskId = id }, Soon());
        Assert.Equal((id, "count", 1, 7, "p", "i"), (open.TaskId, open.TaskClass, open.ClassVersion, open.Priority, open.PartitionKey, open.IdempotencyKey));
        Assert.Equal((V1.Outcome.Unspecified, (Timestamp?)null), (open.Outcome, open.SettledAt));

        await host.Client.CancelAsync(new CancelRequest { TaskId = id }, Soon());
        var settled = await host.Client.StatusAsync(new StatusRequest { TaskId = id }, Soon());
        Assert.Equal((State.Settled, V1.Outcome.Cancelled), (settled.State, settled.Outcome));
        Assert.True(settled.SettledAt >= settled.SubmittedAt);
    }

    [Fact]
    public async Task An_idempotency_key_gives_the_first_task_and_refuses_another_payload()
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting());
        var first = await host.Client.SubmitAsync(Request(-1, new V1.SubmitOptions { IdempotencyKey = "once" }), Soon());
        var second = await host.Client.SubmitAsync(Request(-1, new V1.SubmitOptions { IdempotencyKey = "once" }), Soon());
        Assert.Equal((first.TaskId, true), (second.TaskId, second.Existing));

        var error = await FailsAsync(host.Client.SubmitAsync(Request(-2, new V1.SubmitOptions { IdempotencyKey = "once" }), Soon()).ResponseAsync);
        Assert.Equal(StatusCode.AlreadyExists, error.StatusCode);
    }

    [Fact]
    public async Task A_full_ledger_says_when_to_try_again()
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting().Configure(options => options.MaxOpenTasks = 1));
        await host.Client.SubmitAsync(Request(-1), Soon());

        var error = await FailsAsync(host.Client.SubmitAsync(Request(-1), Soon()).ResponseAsync);
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Equal("50", error.Trailers.GetValue("retry-after-ms"));
        Assert.Equal("50", error.Trailers.GetValue("grpc-retry-pushback-ms"));
    }

    [Theory]
    [InlineData("{\"not\": \"a number\"}", 1, "count", StatusCode.InvalidArgument, "payload")]
    [InlineData("1", 2, "count", StatusCode.NotFound, "'count' v2")]
    [InlineData("1", 1, "other", StatusCode.NotFound, "'other' v1")]
    public async Task What_is_submitted_wrongly_is_refused_by_name(string payload, int version, string @class, StatusCode code, string named)
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting());
        var request = new SubmitRequest { TaskClass = @class, ClassVersion = version, Payload = ByteString.CopyFromUtf8(payload) };

        var error = await FailsAsync(host.Client.SubmitAsync(request, Soon()).ResponseAsync);
        Assert.Equal(code, error.StatusCode);
        Assert.Contains(named, error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_out_of_range_are_all_named()
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting());
        var options = new V1.SubmitOptions { Priority = 5_000, Deadline = TimeSpan.FromDays(-1).ToDuration(), Budget = new Budget { Iterations = 0 } };

        var error = await FailsAsync(host.Client.SubmitAsync(Request(1, options), Soon()).ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.All(["Priority", "Deadline", "Budget.Iterations"], name => Assert.Contains(name, error.Status.Detail, StringComparison.Ordinal));

        var strange = await FailsAsync(host.Client.SubmitAsync(Request(1, new V1.SubmitOptions { NotBefore = new Duration { Seconds = 1, Nanos = -1 } }), Soon()).ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, strange.StatusCode);
        Assert.Contains("NotBefore", strange.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no id", StatusCode.InvalidArgument)]
    [InlineData("01890a5d-ac96-774b-bcce-b302099a8057", StatusCode.NotFound)]
    public async Task A_task_that_is_none_is_refused(string id, StatusCode code)
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting());

        Assert.Equal(code, (await FailsAsync(host.Client.StatusAsync(new StatusRequest { TaskId = id }, Soon()).ResponseAsync)).StatusCode);
        Assert.Equal(code, (await FailsAsync(host.Client.CancelAsync(new CancelRequest { TaskId = id }, Soon()).ResponseAsync)).StatusCode);
        Assert.Equal(code, (await FailsAsync(WatchAsync(host, id))).StatusCode);
    }

    [Fact]
    public async Task A_message_over_the_hosts_bound_is_refused_and_the_host_goes_on()
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting(), grpc => grpc.MaxMessageBytes = 64 << 10);
        var request = Request(1);
        request.Payload = ByteString.CopyFrom(new byte[65 << 10]);

        var error = await FailsAsync(host.Client.SubmitAsync(request, Soon()).ResponseAsync);
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Null(error.Trailers.Get("retry-after-ms"));
        await host.Client.SubmitAsync(Request(1), Soon());
    }

    [Fact]
    public async Task A_host_without_the_role_says_so()
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting().Roles(NodeRoles.Scheduler));

        Assert.Equal(StatusCode.FailedPrecondition, (await FailsAsync(host.Client.SubmitAsync(Request(1), Soon()).ResponseAsync)).StatusCode);
        Assert.Equal(StatusCode.FailedPrecondition, (await FailsAsync(host.Client.NodeReportAsync(new NodeReportRequest(), Soon()).ResponseAsync)).StatusCode);
        Assert.Equal(StatusCode.FailedPrecondition, (await FailsAsync(host.Client.DrainAsync(new DrainRequest(), Soon()).ResponseAsync)).StatusCode);
    }

    [Fact]
    public async Task A_report_names_the_nodes_queues_and_a_drained_node_is_draining()
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting().Configure(options => options.Lanes = 3));
        var active = await host.Client.NodeReportAsync(new NodeReportRequest(), Soon());
        Assert.Equal(("local", V1.NodePhase.Active, 3, 0), (active.Node, active.Phase, active.Lanes, active.Inbound.Waiting));
        Assert.True(active.Inbound.Capacity > 0);

        await host.Client.DrainAsync(new DrainRequest(), Soon());
        Assert.Equal(V1.NodePhase.Draining, (await host.Client.NodeReportAsync(new NodeReportRequest(), Soon())).Phase);
    }

    [Fact]
    public async Task A_deadline_ends_the_call_and_not_the_task()
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting());
        var id = (await host.Client.SubmitAsync(Request(-1), Soon())).TaskId;
        using var watching = host.Client.Watch(new WatchRequest { TaskId = id }, deadline: DateTime.UtcNow.AddMilliseconds(200));

        Assert.Equal(StatusCode.DeadlineExceeded, (await FailsAsync(watching.ResponseStream.MoveNext(CancellationToken.None))).StatusCode);
        Assert.NotEqual(State.Settled, (await host.Client.StatusAsync(new StatusRequest { TaskId = id }, Soon())).State);
    }

    [Fact]
    public async Task Whoever_stops_watching_is_forgotten()
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting());
        var id = (await host.Client.SubmitAsync(Request(-1), Soon())).TaskId;
        using (host.Client.Watch(new WatchRequest { TaskId = id }, Soon())) await UntilWatchedAsync(host, id);

        await UntilWatchedAsync(host, id, readers: 0);
    }

    /// <summary>More iterations than a handle keeps, and a reader that takes none of them until the end: it gets the newest ones and the result.</summary>
    [Fact]
    public async Task A_slow_watcher_misses_the_oldest_iterations_and_never_the_result()
    {
        var begin = new TaskCompletionSource();
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddTaskClass(Large, large => large
            .AddModel("next", async (task, _) =>
            {
                await begin.Task;
                return Content(task.HasArtifact ? task.Artifact.Span[0] + 1 : 1);
            })
            .Limit(iterations: 200)));
        var handle = await host.Rqml.SubmitAsync(Large, new byte[] { 1 });
        using var watching = host.Client.Watch(new WatchRequest { TaskId = handle.Id.ToString(), WithArtifacts = true }, Soon());
        await UntilAsync(() => handle.ReaderCount, 1);
        begin.SetResult();
        await handle.Completion.WaitAsync(Limit);

        var numbers = new List<int>();
        Result? result = null;
        while (await watching.ResponseStream.MoveNext(CancellationToken.None))
        {
            if (watching.ResponseStream.Current.Iteration is { } iteration) numbers.Add(iteration.Number);
            else result = watching.ResponseStream.Current.Result;
        }

        Assert.Equal((V1.Outcome.BudgetExhausted, 200), (result!.Outcome, result.Iterations));
        Assert.Equal(numbers.Order(), numbers);
        Assert.InRange(numbers.Count, 1, 199);
    }

    [Fact]
    public async Task A_host_that_stops_ends_its_watchers()
    {
        await using var host = await GrpcHost.StartAsync(rqml => rqml.AddCounting());
        var id = (await host.Client.SubmitAsync(Request(-1), Soon())).TaskId;
        using var watching = host.Client.Watch(new WatchRequest { TaskId = id }, Soon());
        await UntilWatchedAsync(host, id);
        await host.StopAsync().WaitAsync(Limit);

        Assert.Equal(StatusCode.Unavailable, (await FailsAsync(watching.ResponseStream.MoveNext(CancellationToken.None))).StatusCode);
    }

    private static TaskClass<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> Large { get; } = new("large");

    private static ReadOnlyMemory<byte> Content(int first)
    {
        var bytes = new byte[300_000];
        bytes[0] = (byte)first;
        return bytes;
    }

    private static void KeepResults(RqmlOptions options) => options.KeepResults = TimeSpan.FromDays(1);

    private static SubmitRequest Request(int payload, V1.SubmitOptions? options = null) =>
        new() { TaskClass = "count", Payload = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(payload)), Options = options };

    private static CallOptions Soon() => new(deadline: DateTime.UtcNow + Limit);

    private static Task<RpcException> FailsAsync(Task call) => Assert.ThrowsAsync<RpcException>(() => call);

    private static async Task<List<WatchReply>> WatchAsync(GrpcHost host, string id)
    {
        using var watching = host.Client.Watch(new WatchRequest { TaskId = id }, Soon());
        var replies = new List<WatchReply>();
        while (await watching.ResponseStream.MoveNext(CancellationToken.None)) replies.Add(watching.ResponseStream.Current);
        return replies;
    }

    private static async Task UntilWatchedAsync(GrpcHost host, string id, int readers = 1)
    {
        var handle = await host.Rqml.AttachAsync(Counting.Class, TaskId.Parse(id));
        await UntilAsync(() => handle.ReaderCount, readers);
    }

    /// <summary>The ledger tells the scheduler, and that the node, each before it answers us.</summary>
    private static async Task UntilItsNodeKnowsAsync(GrpcHost host, string id)
    {
        for (var tries = 0; !await host.Node.Ledger!.AskAsync(ledger => ledger.FindOpen(TaskId.Parse(id)) is { Watched: true }); tries++)
        {
            Assert.True(tries < 3_000, $"nobody follows {id}");
            await Task.Delay(10);
        }

        await host.Node.Scheduler!.GetStatisticsAsync();
        await host.Node.Node!.GetQueuesAsync();
    }

    /// <summary>A call that has begun is not yet at its task; nobody says when it is.</summary>
    private static async Task UntilAsync(Func<int> readers, int expected)
    {
        for (var tries = 0; readers() != expected; tries++)
        {
            Assert.True(tries < 3_000, $"the task has {readers()} readers, not {expected}");
            await Task.Delay(10);
        }
    }
}
