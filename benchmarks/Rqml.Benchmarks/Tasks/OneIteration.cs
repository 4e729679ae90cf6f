using System.Threading.Channels;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Benchmarks.Ratios;
using Rqml.Supervision;

namespace Rqml.Benchmarks.Tasks;

/// <summary>Submitted, one iteration, settled, in memory on one node; beside workers on a channel that complete a task source each.</summary>
[MemoryDiagnoser]
public class OneIteration : IComparison
{
    private const int Tasks = 20_000;
    private static readonly TaskClass<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> Class = new("digest");
    private readonly Channel<Job> _channel = Channel.CreateUnbounded<Job>();
    private readonly Task[] _workers = new Task[Work.Workers];
    private IHost _host = null!;
    private IRqmlClient _client = null!;

    public int Operations => Tasks;

    [GlobalSetup]
    public async Task Setup()
    {
        for (var worker = 0; worker < _workers.Length; worker++) _workers[worker] = WorkAsync();
        _host = await BenchmarkHost.StartAsync(rqml => rqml
            .AddTaskClass(Class, digest => digest.AddModel("digest", (context, _) => new(new Refinement<ReadOnlyMemory<byte>>(Work.Digest(context.Payload.Span)))).SuperviseWith(new AcceptFirst()))
            .Configure(options => options.Lanes = Work.Workers));
        _client = _host.Services.GetRequiredService<IRqmlClient>();
    }

    [GlobalCleanup]
    public async Task Cleanup()
    {
        _channel.Writer.Complete();
        await Task.WhenAll(_workers);
        await _host.StopAsync();
        _host.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Tasks)]
    public Task Floor() => Work.DriveAsync(Tasks, Work.InFlight, async number =>
    {
        var job = new Job(Work.NewPayload(Work.PayloadBytes, number));
        _channel.Writer.TryWrite(job);
        var digest = await job.Task;
        Work.Check(job.Payload, digest);
    });

    [Benchmark(OperationsPerInvoke = Tasks)]
    public Task Rqml() => Work.DriveAsync(Tasks, Work.InFlight, async number =>
    {
        var payload = Work.NewPayload(Work.PayloadBytes, number);
        var task = await _client.SubmitAsync(Class, payload);
        var result = await task.Completion;
        if (result.Outcome != Outcome.Converged) throw new InvalidOperationException($"A task was settled as {result.Outcome}: {result.Reason}");
        Work.Check(payload, result.Artifact.Span);
    });

    private async Task WorkAsync()
    {
        await foreach (var job in _channel.Reader.ReadAllAsync()) job.SetResult(Work.Digest(job.Payload));
    }

    private sealed class Job(byte[] payload) : TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public byte[] Payload { get; } = payload;
    }
}

/// <summary>Accepts what the first iteration made.</summary>
internal sealed class AcceptFirst : ISupervisionPolicy
{
    private static readonly SupervisionDecision Yes = SupervisionDecision.Accept("made");

    public int Version => 1;

    public SupervisionDecision Decide(Observation seen) => Yes;
}
