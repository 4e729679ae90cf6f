using System.Collections.Concurrent;
using System.Diagnostics;
using GraphColouring.Queens;
using Rqml;
using Rqml.Hosting;

namespace Cluster;

/// <summary>The application that wants boards coloured: a member of the cluster that only submits. Its ledger is where each task is settled.</summary>
internal sealed class Submitter : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly CallLog _calls;
    private readonly ConcurrentQueue<Heard> _heard = new();
    private int _submitted;

    private Submitter(IHost host, CallLog calls) => (_host, _calls) = (host, calls);

    public int Submitted => _submitted;

    /// <summary>How each task ended, in the order in which it was heard of.</summary>
    public IReadOnlyCollection<Heard> Settled => _heard;

    private IRqmlClient Client => _host.Services.GetRequiredService<IRqmlClient>();

    public static async Task<Submitter> StartAsync(string etcd, string folder, CancellationToken cancellationToken)
    {
        var calls = new CallLog(Path.Combine(folder, "submitter-calls"));      // it knows the class with its models, and never runs one
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRqml(rqml => rqml
            .AddBoards(calls)
            .UseEtcd(etcd)
            .AddTcp()
            .UseRocksDb(Path.Combine(folder, "submitter"))
            .Roles(NodeRoles.Client)
            .Configure(options => (options.Cluster, options.NodeName) = (Sample.Name, "submitter")));
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        return new Submitter(host, calls);
    }

    /// <summary>Keeps so many boards open until it is told to stop, and then hears how the last of them end.</summary>
    public Task RunAsync(int open, CancellationToken stop, CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(0, open).Select(async _ =>
    {
        while (!stop.IsCancellationRequested)
        {
            var job = Boards.Number(Interlocked.Increment(ref _submitted));
            var task = await Client.SubmitAsync(Boards.Class, job, new SubmitOptions { IdempotencyKey = $"{job.Seed}" }, cancellationToken);
            var result = await task.Completion.WaitAsync(cancellationToken);
            _heard.Enqueue(new Heard(job, result, Stopwatch.GetTimestamp()));
        }
    }));

    /// <summary>Boards that the ledger does not have settled, exactly once, as we heard: it is asked for all of its tasks, and again for each result.</summary>
    public async Task<int> CountOthersAsync(CancellationToken cancellationToken)
    {
        var heard = _heard.ToDictionary(one => one.Result.Task);
        var others = _submitted - heard.Count;
        await foreach (var status in Client.ListAsync(cancellationToken: cancellationToken))
        {
            if (status.State != RefinementState.Settled || !heard.TryGetValue(status.Id, out var before)) others++;
            else if (!before.IsAgain(await (await Client.AttachAsync(Boards.Class, status.Id, cancellationToken)).Completion)) others++;
        }

        return others;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        _calls.Dispose();
    }
}

/// <summary>How a board ended, and when that was heard.</summary>
internal sealed record Heard(ColouringJob Job, RefinementResult<Colouring> Result, long At)
{
    /// <summary>Whether it is a colouring of this board in which no queen meets another of its colour: counted anew, along the lines on which queens move.</summary>
    public bool IsVerified { get; } = Result.HasArtifact && Verifier.Accepts(Job, Result.Artifact);

    public bool IsAgain(RefinementResult<Colouring> result) =>
        result.Attempt == Result.Attempt && result.SettledAt == Result.SettledAt && result.ArtifactBytes.Span.SequenceEqual(Result.ArtifactBytes.Span);
}
