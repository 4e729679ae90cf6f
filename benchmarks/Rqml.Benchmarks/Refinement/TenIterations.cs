using System.Buffers.Binary;
using System.Threading.Channels;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Benchmarks.Ratios;

namespace Rqml.Benchmarks.Refinement;

/// <summary>Ten iterations with stability and novelty looked at; beside workers on a mailbox that put a task back ten times, with the same model and similarity calls.</summary>
[MemoryDiagnoser]
public class TenIterations : IComparison
{
    private const int Iterations = 10;
    private const int Tasks = 4_000;
    private static readonly TaskClass<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> Class = new("ten");
    private readonly Channel<Job> _mailbox = Channel.CreateUnbounded<Job>();
    private readonly Task[] _workers = new Task[Work.Workers];
    private IHost _host = null!;
    private IRqmlClient _client = null!;

    public int Operations => Tasks;

    [GlobalSetup]
    public async Task Setup()
    {
        for (var worker = 0; worker < _workers.Length; worker++) _workers[worker] = WorkAsync();
        _host = await BenchmarkHost.StartAsync(rqml => rqml
            .AddTaskClass(Class, ten => ten
                .AddModel("count", (context, _) => new(new Refinement<ReadOnlyMemory<byte>>(Count(context.HasArtifact ? context.Artifact : default, context.Payload))))
                .ConvergeWhenAll(Stability.Over(2), Novelty.Below(0.05)))
            .Configure(options => options.Lanes = Work.Workers));
        _client = _host.Services.GetRequiredService<IRqmlClient>();
    }

    [GlobalCleanup]
    public async Task Cleanup()
    {
        _mailbox.Writer.Complete();
        await Task.WhenAll(_workers);
        await _host.StopAsync();
        _host.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Tasks)]
    public Task Floor() => Work.DriveAsync(Tasks, Work.InFlight, async number =>
    {
        var job = new Job(Work.NewPayload(Work.PayloadBytes, number));
        _mailbox.Writer.TryWrite(job);
        Check(await job.Task);
    });

    [Benchmark(OperationsPerInvoke = Tasks)]
    public Task Rqml() => Work.DriveAsync(Tasks, Work.InFlight, async number =>
    {
        var task = await _client.SubmitAsync(Class, Work.NewPayload(Work.PayloadBytes, number));
        var result = await task.Completion;
        if (result.Outcome != Outcome.Converged || result.Iterations != Iterations) throw new InvalidOperationException($"A task was settled as {result.Outcome} after {result.Iterations} iterations: {result.Reason}");
        Check(result.ArtifactBytes);
    });

    /// <summary>Counts to nine and stays there: the tenth artifact is the ninth again.</summary>
    private static byte[] Count(ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> payload)
    {
        var next = new byte[sizeof(long)];
        var count = before.IsEmpty ? 0 : BinaryPrimitives.ReadInt64LittleEndian(before.Span);
        BinaryPrimitives.WriteInt64LittleEndian(next, Math.Min(Iterations - 1, count + Math.Sign(payload.Length)));
        return next;
    }

    private static void Check(ReadOnlyMemory<byte> artifact)
    {
        if (BinaryPrimitives.ReadInt64LittleEndian(artifact.Span) != Iterations - 1) throw new InvalidOperationException("A task came back with the wrong artifact.");
    }

    private async Task WorkAsync()
    {
        await foreach (var job in _mailbox.Reader.ReadAllAsync())
        {
            if (job.Iterate()) job.SetResult(job.Artifact);
            else _mailbox.Writer.TryWrite(job);
        }
    }

    private sealed class Job(byte[] payload) : TaskCompletionSource<ReadOnlyMemory<byte>>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        private readonly List<ReadOnlyMemory<byte>> _recent = [];
        private int _alike;

        public ReadOnlyMemory<byte> Artifact { get; private set; }

        /// <summary>True where it has converged: the newest is like the one before, and nothing new.</summary>
        public bool Iterate()
        {
            ReadOnlyMemory<byte> next = Count(Artifact, payload);
            var isStable = !Artifact.IsEmpty && next.Span.SequenceEqual(Artifact.Span);
            var isNovel = true;
            foreach (var earlier in _recent) isNovel &= !earlier.Span.SequenceEqual(next.Span);
            if (_recent.Count == 5) _recent.RemoveAt(0);
            _recent.Add(next);
            Artifact = next;
            _alike = isStable && !isNovel ? _alike + 1 : 0;
            return _alike > 0;
        }
    }
}
