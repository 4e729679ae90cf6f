using System.Buffers;
using System.Net;
using System.Net.Sockets;
using NetMQ;
using Rqml.Messaging;
using Rqml.Transports.ZeroMq;

namespace Rqml.Transports.Tests.ZeroMq;

/// <summary>How a link begins and ends, where ZeroMQ itself would go on for ever.</summary>
[Collection(ZeroMqCollection.Name)]
public sealed class SessionTests
{
    private static readonly Uri AnyAddress = new("zmq://127.0.0.1:0/");
    private readonly ZeroMqTransport _transport = new(new ZeroMqOptions());

    [Fact]
    public async Task A_listener_at_port_0_says_which_port_it_took()
    {
        await using var listener = await _transport.ListenAsync(AnyAddress, CancellationToken.None);

        Assert.InRange(listener.Address.Port, 1, 65_535);
    }

    [Fact]
    public async Task A_listener_is_known_by_the_name_that_the_options_say()
    {
        await using var listener = await new ZeroMqTransport(new ZeroMqOptions { AdvertisedHost = "node-1" }).ListenAsync(AnyAddress, CancellationToken.None);

        Assert.Equal("node-1", listener.Address.Host);
    }

    [Fact]
    public async Task Where_the_process_of_a_listener_dies_its_links_end()
    {
        using var dying = new RawListener();
        var connecting = _transport.ConnectAsync(dying.Address, CancellationToken.None).AsTask();
        dying.Accept();
        await using var link = await Within(connecting);
        var receiving = link.ReceiveBlockAsync(CancellationToken.None).AsTask();
        dying.Dispose();

        await Assert.ThrowsAsync<LinkClosedException>(() => Within(receiving));
        await Assert.ThrowsAsync<LinkClosedException>(async () => await link.SendBlockAsync(Some, CancellationToken.None));
    }

    [Fact]
    public async Task Where_the_process_of_whoever_connected_dies_its_links_end_after_what_it_sent()
    {
        await using var listener = await _transport.ListenAsync(AnyAddress, CancellationToken.None);
        using var dying = new RawPeer(listener.Address);
        dying.Open();
        await using var link = await listener.AcceptAsync(CancellationToken.None);
        dying.Send(RawPeer.Bytes(SessionMessageKind.Block, RawPeer.Session, 5));
        dying.Dispose();

        using (var block = await Within(link.ReceiveBlockAsync(CancellationToken.None).AsTask())) Assert.Equal([5], block.Bytes.ToArray());
        await Assert.ThrowsAsync<LinkClosedException>(() => Within(link.ReceiveBlockAsync(CancellationToken.None).AsTask()));
    }

    [Fact]
    public async Task Another_process_at_the_address_is_no_part_of_the_link_before()
    {
        var before = new RawListener();
        var connecting = _transport.ConnectAsync(before.Address, CancellationToken.None).AsTask();
        var session = before.Accept();
        await using var link = await Within(connecting);
        before.Dispose();
        await Assert.ThrowsAsync<LinkClosedException>(() => Within(link.ReceiveBlockAsync(CancellationToken.None).AsTask()));

        await using var after = await _transport.ListenAsync(before.Address, CancellationToken.None);
        await using var again = await Within(_transport.ConnectAsync(before.Address, CancellationToken.None).AsTask());
        await using var far = await Within(after.AcceptAsync(CancellationToken.None).AsTask());
        await Assert.ThrowsAsync<LinkClosedException>(async () => await link.SendBlockAsync(Some, CancellationToken.None));
        Assert.NotEqual(session, ((ZeroMqLink)again).Session);
        await again.SendBlockAsync(Some, CancellationToken.None);
        using var block = await Within(far.ReceiveBlockAsync(CancellationToken.None).AsTask());
        Assert.Equal(Some.ToArray(), block.Bytes.ToArray());
    }

    [Fact]
    public async Task A_listener_that_is_gone_while_its_links_live_refuses_and_another_takes_its_place()
    {
        var listener = await _transport.ListenAsync(AnyAddress, CancellationToken.None);
        await using var near = await _transport.ConnectAsync(listener.Address, CancellationToken.None);
        await using var far = await listener.AcceptAsync(CancellationToken.None);
        await listener.DisposeAsync();
        await Assert.ThrowsAsync<ConnectionRefusedException>(() => Within(_transport.ConnectAsync(listener.Address, CancellationToken.None).AsTask()));

        await using var next = await new ZeroMqTransport(new ZeroMqOptions()).ListenAsync(listener.Address, CancellationToken.None);
        await Assert.ThrowsAsync<TransportException>(async () => await _transport.ListenAsync(listener.Address, CancellationToken.None));
        await using var nextNear = await Within(_transport.ConnectAsync(next.Address, CancellationToken.None).AsTask());
        await using var nextFar = await Within(next.AcceptAsync(CancellationToken.None).AsTask());
        await nextNear.SendBlockAsync(Some, CancellationToken.None);
        using (await Within(nextFar.ReceiveBlockAsync(CancellationToken.None).AsTask())) { }
        await near.SendBlockAsync(Some, CancellationToken.None);
        using (await Within(far.ReceiveBlockAsync(CancellationToken.None).AsTask())) { }
    }

    [Fact]
    public async Task The_port_is_free_for_other_processes_once_the_last_link_is_closed()
    {
        var listener = await _transport.ListenAsync(AnyAddress, CancellationToken.None);
        var near = await _transport.ConnectAsync(listener.Address, CancellationToken.None);
        var far = await listener.AcceptAsync(CancellationToken.None);
        await listener.DisposeAsync();
        await Task.WhenAll(near.DisposeAsync().AsTask(), far.DisposeAsync().AsTask());

        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, listener.Address.Port));
        other.Listen();
    }

    [Fact]
    public async Task Whoever_takes_the_connection_and_says_nothing_is_no_refusal()
    {
        var impatient = new ZeroMqTransport(new ZeroMqOptions { ConnectTimeout = TimeSpan.FromMilliseconds(300) });
        using var mute = new RawListener();
        var address = mute.Address;
        using var other = new TcpListener(IPAddress.Loopback, 0);      // does not even speak ZeroMQ
        other.Start();

        await Assert.ThrowsAsync<TransportException>(() => Within(impatient.ConnectAsync(address, CancellationToken.None).AsTask()));
        await Assert.ThrowsAsync<TransportException>(() => Within(impatient.ConnectAsync(new Uri($"zmq://127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}/"), CancellationToken.None).AsTask()));
    }

    [Fact]
    public async Task Where_the_process_dies_while_somebody_connects_that_is_a_refusal_and_no_silence()
    {
        using var dying = new TcpListener(IPAddress.Loopback, 0);
        dying.Start();
        var address = new Uri($"zmq://127.0.0.1:{((IPEndPoint)dying.LocalEndpoint).Port}/");
        var connecting = new ZeroMqTransport(new ZeroMqOptions { ConnectTimeout = TimeSpan.FromMinutes(1) }).ConnectAsync(address, CancellationToken.None).AsTask();
        using (await dying.AcceptSocketAsync()) dying.Stop();      // between the first knock and ZeroMQ's own connection, or in the middle of that

        await Assert.ThrowsAsync<ConnectionRefusedException>(() => Within(connecting));
    }

    [Fact]
    public async Task A_link_closes_in_its_time_where_the_other_end_does_not_answer()
    {
        using var mute = new RawListener();
        var connecting = new ZeroMqTransport(new ZeroMqOptions { CloseTimeout = TimeSpan.FromMilliseconds(50) }).ConnectAsync(mute.Address, CancellationToken.None).AsTask();
        mute.Accept();
        var link = await Within(connecting);

        await Within(link.DisposeAsync().AsTask());
    }

    [Fact]
    public async Task The_longest_block_goes_through_whatever_was_used_up_before()
    {
        await using var listener = await _transport.ListenAsync(AnyAddress, CancellationToken.None);
        await using var near = await _transport.ConnectAsync(listener.Address, CancellationToken.None);
        await using var far = await listener.AcceptAsync(CancellationToken.None);
        foreach (var length in new[] { (int)Window.StepBytes - 1, ZeroMqTransport.MaxBlockBytes, 1, ZeroMqTransport.MaxBlockBytes, ZeroMqTransport.MaxBlockBytes })
        {
            var sending = near.SendBlockAsync(new ReadOnlySequence<byte>(new byte[length]), CancellationToken.None).AsTask();
            using (var block = await Within(far.ReceiveBlockAsync(CancellationToken.None).AsTask())) Assert.Equal(length, block.Bytes.Length);
            await Within(sending);
        }
    }

    [Fact]
    public async Task Disposing_leaves_no_thread_behind()
    {
        using var sockets = new Count(ZeroMqInstruments.SocketsName);
        var listener = await _transport.ListenAsync(AnyAddress, CancellationToken.None);
        var near = await _transport.ConnectAsync(listener.Address, CancellationToken.None);
        var far = await listener.AcceptAsync(CancellationToken.None);
        var unaccepted = await _transport.ConnectAsync(listener.Address, CancellationToken.None);
        using var source = new CancellationTokenSource();
        using var mute = new RawListener();
        var connecting = _transport.ConnectAsync(mute.Address, source.Token).AsTask();
        mute.Receive();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Within(connecting));
        Assert.Equal(3, sockets.Value);

        await listener.DisposeAsync();
        await near.DisposeAsync();
        await far.DisposeAsync();
        await unaccepted.DisposeAsync();
        await Within(sockets.UntilAsync(0));
    }

    [Fact]
    public async Task Shutting_NetMQ_down_ends_links_and_does_not_hang()
    {
        await using var listener = await _transport.ListenAsync(AnyAddress, CancellationToken.None);
        await using var near = await _transport.ConnectAsync(listener.Address, CancellationToken.None);
        await using var far = await listener.AcceptAsync(CancellationToken.None);
        var receiving = near.ReceiveBlockAsync(CancellationToken.None).AsTask();
        await Within(Task.Run(() => NetMQConfig.Cleanup(block: true)));

        await Assert.ThrowsAsync<LinkClosedException>(() => Within(receiving));
        await Assert.ThrowsAsync<LinkClosedException>(() => Within(far.ReceiveBlockAsync(CancellationToken.None).AsTask()));
        await Assert.ThrowsAsync<TransportException>(() => Within(listener.AcceptAsync(CancellationToken.None).AsTask()));
        await using var again = await _transport.ListenAsync(listener.Address, CancellationToken.None);
        await using var link = await Within(_transport.ConnectAsync(again.Address, CancellationToken.None).AsTask());
    }

    private static ReadOnlySequence<byte> Some { get; } = new([1, 2, 3]);

    private static async Task<T> Within<T>(Task<T> task) => await task.WaitAsync(TimeSpan.FromSeconds(30));

    private static async Task Within(Task task) => await task.WaitAsync(TimeSpan.FromSeconds(30));
}
