using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Rqml.Messaging;
using Rqml.Transports.ZeroMq;

namespace Rqml.Transports.Tests.ZeroMq;

/// <summary>Whoever sends what is not the transport's protocol, or breaks it, harms itself at most.</summary>
[Collection(ZeroMqCollection.Name)]
public sealed class StrangerTests : IAsyncLifetime
{
    private static readonly byte[] Greeting = [0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3, 0, .. "NULL"u8, .. new byte[48]];
    private static readonly byte[] Ready = Command([5, .. "READY"u8, 11, .. "Socket-Type"u8, 0, 0, 0, 6, .. "DEALER"u8, 8, .. "Identity"u8, 0, 0, 0, 0]);
    private readonly ZeroMqTransport _transport = new(new ZeroMqOptions());
    private IListener _listener = null!;
    private (ILink Near, ILink Far) _link;

    public static TheoryData<string, byte[]> Garbage => new()
    {
        { "another protocol", "GET / HTTP/1.1\r\nHost: rqml\r\n\r\n"u8.ToArray() },
        { "zeros", new byte[5_000] },
        { "ones", [.. Enumerable.Repeat((byte)0xFF, 5_000)] },
        { "random", Random(5_000) },
        { "half a greeting", Greeting[..20] },
        { "a greeting and nothing more", Greeting },
        { "a greeting and random", [.. Greeting, .. Random(5_000)] },
        { "an empty command before hello", [.. Greeting, 4, 0] },
        { "an empty command", [.. Greeting, .. Ready, 4, 0] },
        { "a command shorter than its name", [.. Greeting, .. Ready, .. Command([200, 1, 2])] },
        { "a message of two exabytes", [.. Greeting, .. Ready, 2, 0x1F, 0, 0, 0, 0, 0, 0, 0, 1] },
        { "a message that ends in the middle", [.. Greeting, .. Ready, 0, 100, 1, 2, 3] },
    };

    public static TheoryData<string, byte[][]> Messages => new()
    {
        { "nothing", [[]] },
        { "a text", [Encoding.UTF8.GetBytes("hello, is anybody there?")] },
        { "another version of the protocol", [[.. "RZ2"u8, .. new byte[9]]] },
        { "an unknown kind", [RawPeer.Bytes((SessionMessageKind)99)] },
        { "a header that is cut off", [RawPeer.Bytes(SessionMessageKind.Block)[..11]] },
        { "a hello that is too long", [RawPeer.Bytes(SessionMessageKind.Open, RawPeer.Session, 1)] },
        { "a credit without its bytes", [RawPeer.Bytes(SessionMessageKind.Credit)] },
        { "a message of many parts", [RawPeer.Bytes(SessionMessageKind.Open), [1], [2], [3]] },
        { "a request's empty part before it", [[], RawPeer.Bytes(SessionMessageKind.Open)] },
    };

    public async Task InitializeAsync()
    {
        _listener = await _transport.ListenAsync(new Uri("zmq://127.0.0.1:0/"), CancellationToken.None);
        _link = await ConnectAsync();
    }

    public async Task DisposeAsync()
    {
        await _link.Near.DisposeAsync();
        await _link.Far.DisposeAsync();
        await _listener.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Garbage))]
    public async Task Bytes_that_are_not_of_ZeroMQ_harm_no_link(string what, byte[] bytes)
    {
        using (var stranger = new TcpClient())
        {
            await stranger.ConnectAsync(IPAddress.Loopback, _listener.Address.Port);
            await stranger.GetStream().WriteAsync(bytes);
            stranger.Client.Shutdown(SocketShutdown.Send);
            await ReadToEndAsync(stranger.Client);      // until it hangs up: so it has read everything
        }

        await StillServesAsync();
        Assert.NotEmpty(what);
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public async Task Messages_of_others_are_ignored_and_counted(string what, byte[][] message)
    {
        using var ignored = new Count(ZeroMqInstruments.IgnoredName);
        using (var stranger = new RawPeer(_listener.Address))
        {
            stranger.Send(message);
            stranger.Open();      // in order: what came before has been dealt with
            await using var opened = await _listener.AcceptAsync(CancellationToken.None);
            Assert.Equal(1, ignored.Value);
            stranger.Send(SessionMessageKind.Close);
        }

        await StillServesAsync();
        Assert.NotEmpty(what);
    }

    [Theory]
    [InlineData((int)SessionMessageKind.Block)]
    [InlineData((int)SessionMessageKind.Credit)]
    public async Task Whoever_speaks_of_a_session_that_is_none_is_told_that_it_is_closed(int kind)
    {
        using var stranger = new RawPeer(_listener.Address);
        stranger.Send(RawPeer.Bytes((SessionMessageKind)kind, 7, kind == (int)SessionMessageKind.Credit ? new byte[8] : []));

        Assert.Equal((SessionMessageKind.Close, 7UL), stranger.Receive());
        await StillServesAsync();
    }

    [Fact]
    public async Task A_peer_that_names_itself_is_none_of_ours()
    {
        using var ignored = new Count(ZeroMqInstruments.IgnoredName);
        using var named = new RawPeer(_listener.Address, "a name"u8.ToArray());
        named.Send(SessionMessageKind.Open);

        await ignored.UntilAsync(1).WaitAsync(TimeSpan.FromSeconds(30));
        await StillServesAsync();      // which accepts a link, and it is its own
    }

    [Fact]
    public async Task Whoever_sends_more_than_it_was_granted_loses_its_link()
    {
        using var greedy = new RawPeer(_listener.Address);
        greedy.Open();
        await using var far = await _listener.AcceptAsync(CancellationToken.None);
        for (var i = 0; i <= Window.Bytes / Window.LeastCharge; i++) greedy.Send(SessionMessageKind.Block);

        Assert.Equal((SessionMessageKind.Close, RawPeer.Session), greedy.ReceiveAnswer());
        var error = await Assert.ThrowsAsync<LinkClosedException>(() => ReceiveAllAsync(far));
        Assert.Contains("granted", error.Message, StringComparison.Ordinal);
        Assert.True(error.IsViolation);
        await StillServesAsync();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(long.MaxValue)]
    public async Task Whoever_uses_up_what_was_never_sent_loses_its_link(long usedUp)
    {
        using var liar = new RawPeer(_listener.Address);
        liar.Open();
        await using var far = await _listener.AcceptAsync(CancellationToken.None);
        liar.Send(RawPeer.Bytes(SessionMessageKind.Credit, RawPeer.Session, BitConverter.GetBytes(usedUp)));

        Assert.Equal((SessionMessageKind.Close, RawPeer.Session), liar.Receive());
        await Assert.ThrowsAsync<LinkClosedException>(() => ReceiveAllAsync(far));
        await StillServesAsync();
    }

    [Fact]
    public async Task A_second_hello_ends_its_link()
    {
        using var twice = new RawPeer(_listener.Address);
        twice.Open();
        await using var far = await _listener.AcceptAsync(CancellationToken.None);
        twice.Send(SessionMessageKind.Open);

        Assert.Equal((SessionMessageKind.Close, RawPeer.Session), twice.Receive());
        await Assert.ThrowsAsync<LinkClosedException>(() => ReceiveAllAsync(far));
        await StillServesAsync();
    }

    [Fact]
    public async Task Links_that_nobody_accepts_are_bounded()
    {
        using var ignored = new Count(ZeroMqInstruments.IgnoredName);
        var peers = Enumerable.Range(0, 129).Select(_ => new RawPeer(_listener.Address)).ToList();
        foreach (var peer in peers.SkipLast(1)) peer.Open();
        peers[^1].Send(SessionMessageKind.Open);
        peers[^1].Send(SessionMessageKind.Block);      // answered; and hello was not
        Assert.Equal((SessionMessageKind.Close, RawPeer.Session), peers[^1].Receive());
        Assert.Equal(2, ignored.Value);

        foreach (var peer in peers) peer.Dispose();
        for (var i = 0; i < 128; i++) await (await _listener.AcceptAsync(CancellationToken.None)).DisposeAsync();
        await StillServesAsync();
    }

    private static byte[] Command(byte[] body) => [4, (byte)body.Length, .. body];

    private static byte[] Random(int bytes)
    {
        var random = new byte[bytes];
        new Random(1).NextBytes(random);
        return random;
    }

    private static async Task ReadToEndAsync(Socket socket)
    {
        try
        {
            while (await socket.ReceiveAsync(new byte[1_000]).WaitAsync(TimeSpan.FromSeconds(30)) > 0) { }
        }
        catch (SocketException)
        {
            // It hung up before it had read everything.
        }
    }

    private static async Task ReceiveAllAsync(ILink link)
    {
        while (true)
        {
            using var block = await link.ReceiveBlockAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    private async Task StillServesAsync()
    {
        await SendAndReceiveAsync(_link);
        var another = await ConnectAsync();
        await SendAndReceiveAsync(another);
        await another.Near.DisposeAsync();
        await another.Far.DisposeAsync();
    }

    private async Task<(ILink Near, ILink Far)> ConnectAsync()
    {
        var near = await _transport.ConnectAsync(_listener.Address, CancellationToken.None);
        return (near, await _listener.AcceptAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private static async Task SendAndReceiveAsync((ILink Near, ILink Far) link)
    {
        await link.Near.SendBlockAsync(new ReadOnlySequence<byte>([1, 2, 3]), CancellationToken.None);
        using var block = await link.Far.ReceiveBlockAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal([1, 2, 3], block.Bytes.ToArray());
    }
}
