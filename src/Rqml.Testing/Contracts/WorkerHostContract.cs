using Rqml.Nodes;
using Rqml.Supervision;
using Xunit;

namespace Rqml.Testing.Contracts;

/// <summary>What every <see cref="IWorkerHost"/> promises. Derive from it in a test project and say how a host is made that runs <see cref="ContractClasses"/>.</summary>
public abstract class WorkerHostContract : IAsyncLifetime
{
    private static readonly Attempt Attempt = new(TaskId.Parse("01890a5d-ac96-774b-bcce-b302099a8057"), new Epoch(1, 2, 3));
    private IWorkerHost? _host;
    private IWorker? _worker;

    /// <summary>A worker of the host under test.</summary>
    protected IWorker Worker => _worker ?? throw new InvalidOperationException("There is no worker yet.");

    /// <summary>A host that runs the classes of <see cref="ContractClasses"/>, wherever it runs them.</summary>
    protected abstract Task<IWorkerHost> CreateAsync();

    /// <summary>Starts a worker.</summary>
    public virtual async Task InitializeAsync()
    {
        _host = await CreateAsync();
        _worker = await _host.StartAsync(new DeviceLane("cpu", 0), CancellationToken.None);
    }

    /// <summary>Ends it.</summary>
    public virtual async Task DisposeAsync()
    {
        if (_worker is not null) await _worker.DisposeAsync();
        _worker = null;
    }

    /// <summary>The first pass has no artifact to go on from, and is like nothing; the next goes on from what the first made.</summary>
    [Fact]
    public async Task A_pass_goes_on_from_the_artifact_before()
    {
        var first = await RefineAsync(Request(ContractClasses.Append, "x"));
        Assert.Equal("x", Text(first.Artifact));
        Assert.Equal((0.5, double.NaN, 2.0), (first.Score, first.Similarity, first.Cost));

        var second = await RefineAsync(Request(ContractClasses.Append, "x", "before", iteration: 2));
        Assert.Equal("beforex", Text(second.Artifact));
        Assert.Equal(0.0, second.Similarity);
    }

    /// <summary>An artifact that did not change is wholly like the one before. An empty one is an artifact.</summary>
    [Fact]
    public async Task An_unchanged_artifact_is_like_the_one_before()
    {
        Assert.Equal(1.0, (await RefineAsync(Request(ContractClasses.Append, "", "same", iteration: 2))).Similarity);
        var empty = await RefineAsync(Request(ContractClasses.Append, "", "", iteration: 2));
        Assert.Equal(("", 1.0), (Text(empty.Artifact), empty.Similarity));
    }

    /// <summary>Payload, artifact and result go through bytes: a model that changes or keeps what it was given, or what it gave, changes nothing outside.</summary>
    [Fact]
    public async Task What_a_model_changes_or_keeps_does_not_matter()
    {
        var request = Request(ContractClasses.Meddle, "payload", "artifact", iteration: 2);
        var first = await RefineAsync(request);
        var result = Text(first.Artifact);
        for (var i = 0; i < 3; i++) await RefineAsync(request);

        Assert.Equal(("payload", "artifact"), (Text(request.Payload), Text(request.Artifact)));
        Assert.Equal(result, Text(first.Artifact));
        Assert.Equal(1.0, (await RefineAsync(Request(ContractClasses.Meddle, "payload", result, iteration: 2) with { Artifact = first.Artifact })).Similarity);
    }

    /// <summary>The model is told attempt, iteration, pass and seed as they were asked for, and its randomness depends on them alone.</summary>
    [Fact]
    public async Task A_model_knows_its_pass_and_draws_the_same_again()
    {
        var request = Request(ContractClasses.Describe, "", iteration: 4) with { Pass = new PassInfo(Attempt, "model", 4, 2, 77, new DeviceLane("cpu", 0)) };
        var said = Text((await RefineAsync(request)).Artifact);

        Assert.StartsWith($"{Attempt} 4 2 ", said, StringComparison.Ordinal);
        Assert.Equal(said, Text((await RefineAsync(request)).Artifact));
        Assert.NotEqual(said, Text((await RefineAsync(request with { Pass = request.Pass with { Seed = 78 } })).Artifact));
    }

    /// <summary>A model's sign of life arrives.</summary>
    [Fact]
    public async Task A_beat_arrives()
    {
        var beaten = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var refining = RefineAsync(Request(ContractClasses.Append, "x") with { Beat = () => beaten.TrySetResult() });
        await Step.Within("the beat", beaten.Task);

        Assert.Equal("x", Text((await refining).Artifact));
    }

    /// <summary>What the class's own code throws fails the pass and says why; it is never taken for the worker's death, and the worker goes on.</summary>
    [Theory]
    [InlineData("throw", "stumbled over throw")]
    [InlineData("null", "null")]
    [InlineData("NaN", "NaN")]
    [InlineData("two", "2")]
    [InlineData("serializer", "Byte[]")]
    public async Task A_failed_pass_says_why_and_the_worker_goes_on(string payload, string why)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => RefineAsync(Request(ContractClasses.Stumble, payload)));
        Assert.IsNotType<WorkerDiedException>(error);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);

        Assert.Equal("x", Text((await RefineAsync(Request(ContractClasses.Append, "x"))).Artifact));
    }

    /// <summary>A pass that says what it cost although it failed is charged with that, wherever it was made.</summary>
    [Fact]
    public async Task A_failed_pass_says_what_it_cost()
    {
        var error = await Assert.ThrowsAsync<ModelFailedException>(() => RefineAsync(Request(ContractClasses.Stumble, "cost")));
        Assert.Equal(0.25, error.Cost);
    }

    /// <summary>A class or a version that the host does not know fails the pass, by name.</summary>
    [Theory]
    [InlineData("no such class", 1)]
    [InlineData(ContractClasses.Append, 99)]
    public async Task An_unknown_class_fails_the_pass(string name, int version)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => RefineAsync(Request(name, "") with { ClassVersion = version }));
        Assert.IsNotType<WorkerDiedException>(error);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Cancelling reaches the model; a worker whose pass was cancelled goes on.</summary>
    [Fact]
    public async Task Cancelling_reaches_the_model_and_the_worker_goes_on()
    {
        using var source = new CancellationTokenSource();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var refining = RefineAsync(Request(ContractClasses.Wait, "") with { Beat = () => begun.TrySetResult() }, source.Token);
        await Step.Within("the model's beginning", begun.Task);
        Assert.False(refining.IsCompleted);
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => refining);
        Assert.Equal("x", Text((await RefineAsync(Request(ContractClasses.Append, "x"))).Artifact));
    }

    /// <summary>Each validator of the class has a verdict; a refusal comes with its reason, and one that throws abstains and says why.</summary>
    [Fact]
    public async Task Each_validator_has_a_verdict()
    {
        Assert.Empty(await ValidateAsync(ContractClasses.Append, "anything"));
        Assert.Equal([Validation.Accept], await ValidateAsync(ContractClasses.Stumble, "good"));
        Assert.Equal([Validation.Reject("it is bad") with { Cost = 0.5 }], await ValidateAsync(ContractClasses.Stumble, "bad"));
        var abstention = Assert.Single(await ValidateAsync(ContractClasses.Stumble, "throw"));
        Assert.Equal((Judgement.Abstain, true), (abstention.Judgement, abstention.HasFailed));
        Assert.Contains("stumbled", abstention.Reason, StringComparison.Ordinal);
        Assert.Equal(0.25, Assert.Single(await ValidateAsync(ContractClasses.Stumble, "cost")).Cost);
    }

    /// <summary>Similarities come row by row above the diagonal: one for each two artifacts, and none for one alone.</summary>
    [Fact]
    public async Task Artifacts_are_compared_two_by_two()
    {
        Assert.Equal([0.0, 1.0, 0.0], await CompareAsync("a", "b", "a"));
        Assert.Equal([1.0, 0.0, 0.0], await CompareAsync("a", "a", "b"));
        Assert.Empty(await CompareAsync("a"));

        Task<IReadOnlyList<double>> CompareAsync(params string[] artifacts) =>
            Step.Within("a comparison", Worker.CompareAsync(new ComparisonRequest(ContractClasses.Append, 1, [.. artifacts.Select(Bytes)]), CancellationToken.None).AsTask());
    }

    /// <summary>What is new is measured against every artifact that is named, and nothing is new or old where none is.</summary>
    [Fact]
    public async Task Novelty_is_measured_against_the_artifacts_before()
    {
        var request = Request(ContractClasses.Append, "x", "a", iteration: 2);
        Assert.Equal(double.NaN, (await RefineAsync(request)).Novelty);
        Assert.Equal(1.0, (await RefineAsync(request with { Recent = [Bytes("b"), Bytes("c")] })).Novelty);
        Assert.Equal(0.0, (await RefineAsync(request with { Recent = [Bytes("b"), Bytes("ax")] })).Novelty);
    }

    /// <summary>A voter accepts what its model would leave as it is; a model that throws is no ballot and no death.</summary>
    [Fact]
    public async Task A_voter_accepts_what_it_would_leave_as_it_is()
    {
        Assert.Equal(Judgement.Accept, (await VoteAsync(ContractClasses.Append, "")).Judgement);
        Assert.Equal(Judgement.Reject, (await VoteAsync(ContractClasses.Append, "more")).Judgement);
        var error = await Assert.ThrowsAnyAsync<Exception>(() => VoteAsync(ContractClasses.Stumble, "throw"));
        Assert.IsNotType<WorkerDiedException>(error);

        Task<Ballot> VoteAsync(string name, string payload) =>
            Step.Within("a ballot", Worker.VoteAsync(new BallotRequest(name, 1, Request(name, payload).Pass, Bytes(payload), Bytes("artifact"), null), CancellationToken.None).AsTask());
    }

    /// <summary>A worker takes one call after the other, many of them.</summary>
    [Fact]
    public async Task A_worker_takes_one_call_after_the_other()
    {
        var artifact = "";
        for (var i = 1; i <= 200; i++) artifact = Text((await RefineAsync(Request(ContractClasses.Append, $"{i % 10}", artifact, i))).Artifact);

        Assert.Equal(string.Concat(Enumerable.Range(1, 200).Select(i => $"{i % 10}")), artifact);
    }

    /// <summary>Workers of one host do not wait for each other, and one that ends leaves the others alone.</summary>
    [Fact]
    public async Task Workers_of_a_host_are_independent()
    {
        var second = await _host!.StartAsync(new DeviceLane("cpu", 1), CancellationToken.None);
        using var source = new CancellationTokenSource();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = RefineAsync(Request(ContractClasses.Wait, "") with { Beat = () => begun.TrySetResult() }, source.Token);
        await Step.Within("the first worker's beginning", begun.Task);
        Assert.Equal("x", Text((await Step.Within("the second worker", second.RefineAsync(Request(ContractClasses.Append, "x"), CancellationToken.None).AsTask())).Artifact));
        await second.DisposeAsync();
        Assert.False(waiting.IsCompleted);
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal("x", Text((await RefineAsync(Request(ContractClasses.Append, "x"))).Artifact));
    }

    /// <summary>A worker that was disposed, once or twice, takes no more calls.</summary>
    [Fact]
    public async Task A_disposed_worker_takes_no_more_calls()
    {
        var worker = Worker;
        await worker.DisposeAsync();
        await worker.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await worker.RefineAsync(Request(ContractClasses.Append, "x"), CancellationToken.None));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ValidateAsync(ContractClasses.Append, "x"));
    }

    private Task<PassResult> RefineAsync(PassRequest request, CancellationToken cancellationToken = default) => Step.Within("a pass", Worker.RefineAsync(request, cancellationToken).AsTask());

    private Task<IReadOnlyList<Validation>> ValidateAsync(string name, string artifact) =>
        Step.Within("a verdict", Worker.ValidateAsync(new ValidationRequest(name, 1, Attempt, Bytes("payload"), Bytes(artifact)), CancellationToken.None).AsTask());

    private static PassRequest Request(string name, string payload, string? artifact = null, int iteration = 1) =>
        new(name, 1, new PassInfo(Attempt, "model", iteration, 1, 5, new DeviceLane("cpu", 0)), Bytes(payload), artifact is null ? default : Bytes(artifact), artifact is not null, null);

    private static ReadOnlyMemory<byte> Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlyMemory<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes.Span);
}
