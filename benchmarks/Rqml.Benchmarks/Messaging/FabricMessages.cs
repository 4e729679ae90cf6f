using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using Rqml.Benchmarks.Ratios;
using Rqml.Messaging;
using Rqml.Messaging.Links;

namespace Rqml.Benchmarks.Messaging;

/// <summary>Messages to another process, the last of each batch answered; beside a raw TCP connection to the same process that gathers what waits.</summary>
[MemoryDiagnoser]
public class FabricMessages : IComparison
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rqml-").FullName;
    private Far _far = null!;
    private Node _node = null!;
    private Peer _to = null!;
    private RawLink _raw = null!;
    private Task _receiving = Task.CompletedTask;
    private TaskCompletionSource<long> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _message = [];

    [Params("tcp", "unix", "grpc", "zmq")]
    public string Transport { get; set; } = "tcp";

    [Params(64, 1 << 10, 64 << 10, 1 << 20)]
    public int Bytes { get; set; } = 1 << 10;

    public int Operations => Math.Max(100, Math.Min(50_000, (64 << 20) / Bytes));

    [GlobalSetup]
    public async Task Setup()
    {
        _message = new byte[Bytes];
        new Random(1).NextBytes(_message);
        _node = await Node.StartAsync("near", Wire.Named(Transport).Create(_folder), content => Answered(BinaryPrimitives.ReadInt64LittleEndian(content.FirstSpan)));
        _far = await Far.StartAsync(Echo.Word, Transport, _folder, _node.Peer.Endpoint, "0");
        _to = Node.PeerAt("far", _far.Endpoint);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _far.RawPort));
        _raw = new RawLink(socket);
        _receiving = _raw.ReceiveAsync(message => Answered(BinaryPrimitives.ReadInt64LittleEndian(message)));
    }

    [GlobalCleanup]
    public async Task Cleanup()
    {
        await _node.DisposeAsync();
        _far.Dispose();
        await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _raw.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public async Task Floor()
    {
        var answered = Expect();
        for (long number = 1; number <= Operations; number++)
        {
            Echo.Write(_message, number, isAnswered: number == Operations);
            await _raw.SendAsync(_message);
        }

        await CheckAsync(answered);
    }

    [Benchmark]
    public async Task Rqml()
    {
        var answered = Expect();
        for (long number = 1; number <= Operations; number++)
        {
            Echo.Write(_message, number, isAnswered: number == Operations);
            if (!_node.Links.TrySend(_to, FabricChannel.TaskInbound, 0, default, new WrittenContent(_message))) await _node.Links.SendAsync(_to, FabricChannel.TaskInbound, default, new WrittenContent(_message), CancellationToken.None);
        }

        await CheckAsync(answered);
    }

    private Task<long> Expect()
    {
        _answered = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        return _answered.Task;
    }

    private void Answered(long number) => _answered.TrySetResult(number);

    private async Task CheckAsync(Task<long> answered)
    {
        if (await answered.WaitAsync(TimeSpan.FromMinutes(1)) != Operations) throw new InvalidOperationException("Not the last message was answered.");
    }
}
