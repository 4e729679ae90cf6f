using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Benchmarks.Ratios;
using Rqml.Benchmarks.Tasks;
using Rqml.FaultProxy;
using Rqml.Hosting;

namespace Rqml.Benchmarks.Messaging;

/// <summary>A task to another process and its result back, in memory; beside the same payload and digest over a raw TCP connection to the same process.</summary>
[MemoryDiagnoser]
public class TwoProcesses : IComparison
{
    public const string Word = "two-processes";
    private const int Tasks = 10_000;
    private static readonly TaskClass<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> Class = new("digest");

    private readonly Dictionary<long, TaskCompletionSource<byte[]>> _open = [];
    private IHost _host = null!;
    private IRqmlClient _client = null!;
    private Far _far = null!;
    private RawLink _raw = null!;

    public int Operations => Tasks;

    [GlobalSetup]
    public async Task Setup()
    {
        var port = FreePort.Next();
        _host = await BenchmarkHost.StartAsync(rqml => AddDigest(rqml).AddTcp(tcp => tcp.Listen = $"tcp://127.0.0.1:{port}").Roles(NodeRoles.Client | NodeRoles.Scheduler).Configure(options => options.NodeName = "near"));
        _client = _host.Services.GetRequiredService<IRqmlClient>();
        _far = await Far.StartAsync(Word, $"tcp://127.0.0.1:{port}");
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _far.RawPort));
        _raw = new RawLink(socket);
        _ = _raw.ReceiveAsync(Digested);
    }

    [GlobalCleanup]
    public async Task Cleanup()
    {
        _far.Dispose();
        _raw.Dispose();
        await _host.StopAsync();
        _host.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Tasks)]
    public Task Floor() => Work.DriveAsync(Tasks, Work.InFlight, FloorTaskAsync);

    [Benchmark(OperationsPerInvoke = Tasks)]
    public Task Rqml() => Work.DriveAsync(Tasks, Work.InFlight, RqmlTaskAsync);

    /// <summary>One at a time: how long each takes.</summary>
    internal static async Task<Figure> LatencyAsync()
    {
        var work = new TwoProcesses();
        await work.Setup();
        await work.Rqml();
        await work.Floor();
        var (floor, rqml) = (new List<double>(), new List<double>());
        for (var number = 0; number < 4_000; number++)
        {
            floor.Add(await TakeAsync(work.FloorTaskAsync, number));
            rqml.Add(await TakeAsync(work.RqmlTaskAsync, number));
        }

        await work.Cleanup();
        floor.Sort();
        rqml.Sort();
        var ratio = rqml[rqml.Count / 2] / floor[floor.Count / 2];
        return new Figure(FormattableString.Invariant($"p50 {ratio:0.00}× ({rqml[rqml.Count / 2]:0} µs beside {floor[floor.Count / 2]:0} µs), p99 {rqml[rqml.Count * 99 / 100]:0} µs beside {floor[floor.Count * 99 / 100]:0} µs"), ratio <= 1.6);
    }

    /// <summary>The other process.</summary>
    internal static async Task RunAsync(string scheduler)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var serving = ServeAsync(listener);
        using var host = await BenchmarkHost.StartAsync(rqml => AddDigest(rqml).AddTcp().JoinScheduler(scheduler).Roles(NodeRoles.Worker).Configure(options => (options.NodeName, options.Lanes) = ("far", Work.Workers)));
        await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{((IPEndPoint)listener.LocalEndPoint!).Port} {scheduler}"));
        await Console.In.ReadLineAsync();
        await host.StopAsync();
        _ = serving;
    }

    private static IRqmlBuilder AddDigest(IRqmlBuilder rqml) => rqml.AddTaskClass(Class, digest => digest.AddModel("digest", (context, _) => new(new Refinement<ReadOnlyMemory<byte>>(Work.Digest(context.Payload.Span)))).SuperviseWith(new AcceptFirst()));

    private static async Task<double> TakeAsync(Func<long, ValueTask> work, long number)
    {
        var began = Stopwatch.GetTimestamp();
        await work(number);
        return Stopwatch.GetElapsedTime(began).TotalMicroseconds;
    }

    private async ValueTask FloorTaskAsync(long number)
    {
        var payload = Work.NewPayload(Work.PayloadBytes, number);
        var message = new byte[8 + payload.Length];
        BitConverter.TryWriteBytes(message, number);
        payload.CopyTo(message, 8);
        var open = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_open) _open.Add(number, open);
        await _raw.SendAsync(message);
        var digest = await open.Task;
        Work.Check(payload, digest);
    }

    private async ValueTask RqmlTaskAsync(long number)
    {
        var payload = Work.NewPayload(Work.PayloadBytes, number);
        var task = await _client.SubmitAsync(Class, payload);
        var result = await task.Completion;
        if (result.Outcome != Outcome.Converged) throw new InvalidOperationException($"A task was settled as {result.Outcome}: {result.Reason}");
        Work.Check(payload, result.Artifact.Span);
    }

    private void Digested(ReadOnlySpan<byte> message)
    {
        TaskCompletionSource<byte[]> open;
        lock (_open)
        {
            var number = BitConverter.ToInt64(message);
            open = _open[number];
            _open.Remove(number);
        }

        open.SetResult(message[8..].ToArray());
    }

    private static async Task ServeAsync(Socket listener)
    {
        while (true)
        {
            var socket = await listener.AcceptAsync();
            socket.NoDelay = true;
            var link = new RawLink(socket);
            _ = link.ReceiveAsync(message =>
            {
                var digest = Work.Digest(message[8..]);
                var answer = new byte[8 + digest.Length];
                message[..8].CopyTo(answer);
                digest.CopyTo(answer, 8);
                _ = link.SendAsync(answer).AsTask();
            });
        }
    }
}
