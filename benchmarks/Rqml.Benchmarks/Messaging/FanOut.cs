using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using Rqml.Benchmarks.Ratios;
using Rqml.Messaging;

namespace Rqml.Benchmarks.Messaging;

/// <summary>A message to each of several subscribers in another process, the last of each batch answered by all; beside as many raw connections, each sent the same.</summary>
[MemoryDiagnoser]
public class FanOut : IComparison
{
    private const int MessageBytes = 1 << 10;
    private const ulong Topic = 1;

    private readonly string _folder = Directory.CreateTempSubdirectory("rqml-").FullName;
    private readonly byte[] _message = new byte[MessageBytes];
    private Far _far = null!;
    private Node _node = null!;
    private RawLink[] _raw = [];
    private TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _unanswered;

    [Params("tcp", "unix", "grpc", "zmq")]
    public string Transport { get; set; } = "tcp";

    [Params(1, 8, 64)]
    public int Subscribers { get; set; } = 8;

    /// <summary>As many as wait for a subscriber at most: what is published waits for nobody.</summary>
    public int Operations => 2_000;

    [GlobalSetup]
    public async Task Setup()
    {
        new Random(1).NextBytes(_message);
        _node = await Node.StartAsync("near", Wire.Named(Transport).Create(_folder), _ => Answered());
        _far = await Far.StartAsync(Echo.Word, Transport, _folder, _node.Peer.Endpoint, $"{Subscribers}");
        _raw = new RawLink[Subscribers];
        for (var i = 0; i < Subscribers; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _far.RawPort));
            _raw[i] = new RawLink(socket);
            _ = _raw[i].ReceiveAsync(_ => Answered());
        }

        while (_node.Links.Subscribers(FabricChannel.SupervisionEvents, Topic).Count < Subscribers) await Task.Delay(10);
    }

    [GlobalCleanup]
    public async Task Cleanup()
    {
        await _node.DisposeAsync();
        _far.Dispose();
        foreach (var raw in _raw) raw.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public async Task Floor()
    {
        var answered = Expect();
        for (long number = 1; number <= Operations; number++)
        {
            Echo.Write(_message, number, isAnswered: number == Operations);
            foreach (var raw in _raw) await raw.SendAsync(_message);
        }

        await answered.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Benchmark]
    public async Task Rqml()
    {
        var answered = Expect();
        for (long number = 1; number <= Operations; number++)
        {
            Echo.Write(_message, number, isAnswered: number == Operations);
            if (_node.Links.Publish(FabricChannel.SupervisionEvents, Topic, default, _message) != Subscribers) throw new InvalidOperationException("A subscriber had no room.");
        }

        await answered.WaitAsync(TimeSpan.FromMinutes(1));
    }

    private Task Expect()
    {
        _unanswered = Subscribers;
        _answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _answered.Task;
    }

    private void Answered()
    {
        if (Interlocked.Decrement(ref _unanswered) == 0) _answered.TrySetResult();
    }
}
