using System.Buffers.Binary;
using System.Threading.Channels;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Benchmarks.Ratios;

namespace Rqml.Benchmarks.Checkpoints;

/// <summary>
/// Ten iterations on RocksDB, submission and result durable before anybody hears of them and a checkpoint at each boundary; beside workers that append the
/// same to a log: payload and artifact waited for, what lies between not.
/// </summary>
[MemoryDiagnoser]
public class TenCheckpointed : IComparison
{
    public const int Iterations = 10;
    private const int Tasks = 2_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("rqml-bench-").FullName;
    private readonly Channel<Job> _channel = Channel.CreateUnbounded<Job>();
    private readonly Task[] _workers = new Task[Work.Workers];
    private AppendLog _log = null!;
    private IHost _host = null!;
    private IRqmlClient _client = null!;

    internal static TaskClass<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> Class { get; } = new("ten-checkpointed");

    public int Operations => Tasks;

    [GlobalSetup]
    public async Task Setup()
    {
        _log = new AppendLog(Path.Combine(_folder, "floor"));
        for (var worker = 0; worker < _workers.Length; worker++) _workers[worker] = WorkAsync();
        _host = await StartAsync(Path.Combine(_folder, "store"));
        _client = _host.Services.GetRequiredService<IRqmlClient>();
    }

    [GlobalCleanup]
    public async Task Cleanup()
    {
        _channel.Writer.Complete();
        await Task.WhenAll(_workers);
        await _log.DisposeAsync();
        await _host.StopAsync();
        _host.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Tasks)]
    public Task Floor() => Work.DriveAsync(Tasks, Work.InFlight, async number =>
    {
        var job = new Job(Work.NewPayload(Work.PayloadBytes, number));
        await _log.AppendAsync(job.Payload);
        _channel.Writer.TryWrite(job);
        Check(job.Payload, await job.Task);
    });

    [Benchmark(OperationsPerInvoke = Tasks)]
    public Task Rqml() => Work.DriveAsync(Tasks, Work.InFlight, async number =>
    {
        var payload = Work.NewPayload(Work.PayloadBytes, number);
        var task = await _client.SubmitAsync(Class, payload);
        var result = await task.Completion;
        if (result.Outcome != Outcome.Converged || result.Iterations != Iterations) throw new InvalidOperationException($"A task was settled as {result.Outcome} after {result.Iterations} iterations: {result.Reason}");
        Check(payload, result.ArtifactBytes);
    });

    /// <param name="store">The folder of the store.</param>
    /// <param name="called">Hears the number of the task at each call of the model.</param>
    internal static Task<IHost> StartAsync(string store, Action<long>? called = null) => BenchmarkHost.StartAsync(rqml => rqml
        .AddTaskClass(Class, ten => ten
            .AddModel("turn", (context, _) =>
            {
                called?.Invoke(NumberOf(context.Payload));
                return new(new Refinement<ReadOnlyMemory<byte>>(Turn(context.HasArtifact ? context.Artifact : context.Payload, context.Iteration)));
            })
            .ConvergeWhenAll(Stability.Over(2)))
        .UseRocksDb(store)
        .Configure(options => (options.Lanes, options.KeepResults) = (Work.Workers, TimeSpan.Zero)));

    /// <summary>Whether this is what ten turns make of a payload.</summary>
    internal static void Check(ReadOnlyMemory<byte> payload, ReadOnlyMemory<byte> artifact)
    {
        var number = NumberOf(payload);
        if (artifact.Length != payload.Length || BinaryPrimitives.ReadInt64LittleEndian(artifact.Span) != number + Iterations - 1) throw new InvalidOperationException("A task came back with the wrong artifact.");
    }

    private static long NumberOf(ReadOnlyMemory<byte> payload) => BinaryPrimitives.ReadInt64LittleEndian(payload.Span);

    /// <summary>Counts on, and stays where it is in the last iteration, which makes it converge.</summary>
    private static byte[] Turn(ReadOnlyMemory<byte> before, int iteration)
    {
        var next = before.ToArray();
        if (iteration < Iterations) BinaryPrimitives.WriteInt64LittleEndian(next, BinaryPrimitives.ReadInt64LittleEndian(next) + 1);
        return next;
    }

    private async Task WorkAsync()
    {
        await foreach (var job in _channel.Reader.ReadAllAsync())
        {
            var artifact = job.Payload;
            var isOnDisk = Task.CompletedTask;
            for (var iteration = 1; iteration <= Iterations; iteration++)
            {
                artifact = Turn(artifact, iteration);
                isOnDisk = _log.AppendAsync(artifact);
            }

            _ = SettleAsync(job, artifact, isOnDisk);
        }
    }

    private static async Task SettleAsync(Job job, byte[] artifact, Task isOnDisk)
    {
        await isOnDisk;
        job.SetResult(artifact);
    }

    private sealed class Job(byte[] payload) : TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public byte[] Payload { get; } = payload;
    }
}
