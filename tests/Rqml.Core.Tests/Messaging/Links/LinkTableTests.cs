using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging.Frames;
using Rqml.Testing.Contracts;

namespace Rqml.Messaging.Links;

/// <summary>What a real transport cannot be made to do at will; the promises themselves are in the transports' contract.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The test framework calls DisposeAsync.")]
public sealed class LinkTableTests : IAsyncLifetime
{
    private static readonly Peer Self = new(new NodeId("self"), new Incarnation(1), "scripted://self/");
    private static readonly Peer There = new(new NodeId("there"), new Incarnation(2), "scripted://there/");

    /// <summary>Nobody says that it lives as long as a slow machine may hold a test up: only what the test sends is sent. Links that ended are opened anew a quarter of that time later.</summary>
    private static readonly LinkSettings Settings = new() { MostHalfReceivedBytes = 100_000, Liveness = new Liveness { HeartbeatMs = 5_000, SilentMs = 300_000 } };

    private readonly Hearer _hearer = new();
    private readonly Journal _journal = new();
    private readonly ScriptedTransport _transport = new();
    private LinkTable _table = null!;

    public async Task InitializeAsync()
    {
        var listener = await _transport.ListenAsync(new Uri(Self.Endpoint), CancellationToken.None);
        _table = new LinkTable(Self, [_transport], [listener], Settings, Dispatcher.ThreadPool, new Clock(TimeProvider.System), 1, _hearer, RqmlInstruments.OfProcess.Messaging, _journal);
        _table.Start();
    }

    public async Task DisposeAsync() => await _table.DisposeAsync();

    [Fact]
    public async Task What_gathers_during_a_send_goes_as_one_block_and_one_block_at_a_time()
    {
        var link = await HeldLinkAsync();
        for (var i = 1; i <= 100; i++) Assert.True(Send(10));
        link.Release();

        Assert.Equal(100, Messages(await link.SentAsync()).Count);
        Assert.Equal(1, link.MostAtOnce);
        Assert.Equal(1, _transport.Connections);
    }

    [Fact]
    public async Task Blocks_have_the_target_size()
    {
        var link = await HeldLinkAsync();
        for (var i = 1; i <= 10; i++) Assert.True(Send(20_000));
        link.Release();

        List<int> counts = [];
        while (counts.Sum() < 10)
        {
            var block = await link.SentAsync();
            Assert.InRange(block.Length, 1, OutgoingStreams.BlockBytes);
            counts.Add(Messages(block).Count);
        }

        Assert.Equal([3, 3, 3, 1], counts);
    }

    [Fact]
    public async Task Nothing_goes_before_the_other_end_has_answered()
    {
        Assert.True(Send(10));
        var link = await Step.Within("a link", _transport.OpenedAsync());
        var hello = ReadHello(await link.SentAsync());
        Assert.Equal(Self, hello.Peer);
        Assert.True(Send(10));
        Answer(link, hello);

        Assert.Equal(2, Messages(await link.SentAsync()).Count);
    }

    [Fact]
    public async Task A_refused_connection_gives_everything_back_and_says_once_that_the_peer_is_gone()
    {
        var refusal = new TaskCompletionSource();
        _transport.Connecting = () => refusal.Task;
        for (var i = 0; i < 50; i++) Assert.True(Send(5_000));
        refusal.SetException(new ConnectionRefusedException("there"));

        Assert.Equal(There, await Step.Within("that the peer is gone", _hearer.Gone.Reader.ReadAsync().AsTask()));
        for (var i = 0; i < 50; i++) Assert.Equal(5_000, await Step.Within("a message that comes back", _hearer.Returned.Reader.ReadAsync().AsTask()));
        Assert.False(_hearer.Gone.Reader.TryPeek(out _));
    }

    [Fact]
    public async Task A_peer_that_cannot_be_reached_is_tried_again_and_is_not_gone()
    {
        var failures = 0;
        _transport.Connecting = () => ++failures <= 3 ? throw new TransportException("there", "nobody answers") : Task.CompletedTask;
        Assert.True(Send(10));
        var link = await Step.Within("a link", _transport.OpenedAsync());
        Answer(link, ReadHello(await link.SentAsync()));

        Assert.Single(Messages(await link.SentAsync()));
        Assert.False(_hearer.Gone.Reader.TryPeek(out _));
    }

    [Fact]
    public async Task An_adapter_that_breaks_its_promise_costs_its_link_and_not_the_sender()
    {
        var isFirst = true;
        _transport.Connecting = () =>
        {
            if (!isFirst) return Task.CompletedTask;
            isFirst = false;
            throw new InvalidOperationException("a bug in an adapter");
        };
        Assert.True(Send(10));
        var link = await Step.Within("a link all the same", _transport.OpenedAsync());
        Answer(link, ReadHello(await link.SentAsync()));

        Assert.Single(Messages(await link.SentAsync()));
        Assert.Single(_journal.Lines, line => line.StartsWith("Error 1202 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_change_of_a_link_is_told_once_however_often_it_is_tried()
    {
        var link = await OpenLinkAsync();
        var tries = 0;
        _transport.Connecting = () => ++tries <= 3 ? throw new ConnectionRefusedException("there") : Task.CompletedTask;
        link.Close();
        await Step.Within("that the peer is gone", _hearer.Gone.Reader.ReadAsync().AsTask());
        while (tries < 3)
        {
            Send(1);
            await Step.Within("that the peer is gone", _hearer.Gone.Reader.ReadAsync().AsTask());
        }

        Send(1);
        link = await Step.Within("a link", _transport.OpenedAsync());
        Answer(link, ReadHello(await link.SentAsync()));
        await Step.Within("that the link is up", UntilAsync(() => _journal.Lines.Count > 3));

        Assert.Equal(
            [
                "Information 1204 The link to there/0000000000000002 is up, at scripted://there/", "Information 1205 The link to there/0000000000000002 is down: closed",
                "Warning 1206 Nobody listens where there/0000000000000002 did: its process is gone", "Information 1204 The link to there/0000000000000002 is up, at scripted://there/",
            ],
            _journal.Lines);
    }

    [Fact]
    public async Task A_link_that_ends_is_opened_again_though_nothing_waits_to_find_out_whether_the_process_is_gone()
    {
        var link = await OpenLinkAsync();
        _transport.Connecting = () => throw new ConnectionRefusedException("there");
        link.Close();

        Assert.Equal(There, await Step.Within("that the peer is gone", _hearer.Gone.Reader.ReadAsync().AsTask()));
    }

    [Fact]
    public async Task When_the_link_of_a_peer_ends_it_is_called()
    {
        _transport.Connecting = () => throw new ConnectionRefusedException("there");
        Assert.True(Send(1));
        await Step.Within("that the peer is gone", _hearer.Gone.Reader.ReadAsync().AsTask());      // whom we never called we do not call
        var incoming = _transport.Offer("there");
        incoming.Bring(new Hello(VersionRange.Ours, "rqml", There, 1).ToFrame());
        await incoming.SentAsync();
        incoming.Close();

        Assert.Equal(There, await Step.Within("that the peer is gone", _hearer.Gone.Reader.ReadAsync().AsTask()));
    }

    [Fact]
    public async Task A_stranger_does_not_say_whom_we_call()
    {
        var stranger = _transport.Offer("stranger");
        stranger.Bring(new Hello(VersionRange.Ours, "rqml", There with { Endpoint = "scripted://victim/" }, 1).ToFrame());
        await stranger.SentAsync();
        stranger.Close();
        await Step.Within("closing", _table.DisposeAsync().AsTask());

        Assert.Equal(0, _transport.Connections);
    }

    [Fact]
    public async Task A_receiver_that_acknowledges_half_a_message_loses_its_link_and_the_message_comes_back_whole()
    {
        var link = await OpenLinkAsync();
        Assert.True(Send(200_000));
        await link.SentAsync();
        _transport.Connecting = () => throw new ConnectionRefusedException("there");
        var half = new byte[FrameHeader.Bytes];
        new FrameHeader(0, 1, FabricChannel.TaskInbound, FrameKind.Grant, FrameFlags.None, 2, 8 << 20).Write(half);
        link.Bring(half);

        await Step.Within("the end of the link", link.Closed);
        while (await Step.Within("the message", _hearer.Returned.Reader.ReadAsync().AsTask()) != 200_000) { }
    }

    [Fact]
    public async Task Messages_that_never_become_whole_cost_no_more_than_the_node_keeps()
    {
        ScriptedLink[] links = [_transport.Offer("one"), _transport.Offer("two"), _transport.Offer("three")];
        for (var i = 0; i < links.Length; i++)
        {
            links[i].Bring(new Hello(VersionRange.Ours, "rqml", There with { Node = new NodeId($"sender-{i}") }, 1).ToFrame());
            await links[i].SentAsync();
        }

        links[0].Bring(Part(1, 60_000, FrameFlags.Continues));
        links[0].Bring(Part(2, 30_000, FrameFlags.Continues));
        await Step.Within("the parts", UntilAsync(() => _table.HalfReceivedBytes == 90_000));
        links[1].Bring(Part(1, 20_000, FrameFlags.Continues));
        Assert.Equal(LinkFault.NoRoom, await CloseAsync(links[1]));

        links[0].Bring(Part(3, 10_000, FrameFlags.None));      // now it is whole
        await Step.Within("the end of the parts", UntilAsync(() => _table.HalfReceivedBytes == 0));
        links[2].Bring(Part(1, 60_000, FrameFlags.Continues));
        await Step.Within("the parts", UntilAsync(() => _table.HalfReceivedBytes == 60_000));
    }

    [Fact]
    public void An_endpoint_that_is_no_address_is_no_way()
    {
        foreach (var endpoint in (string[])["", "not an address", "other://there/"]) Assert.False(_table.TrySend(There with { Endpoint = endpoint }, FabricChannel.TaskInbound, 0, default, new WrittenContent(new byte[1])));
    }

    [Fact]
    public async Task Of_several_addresses_the_first_that_a_transport_serves_is_taken()
    {
        Assert.True(_table.TrySend(There with { Endpoint = "other://there/ scripted://one/ scripted://two/" }, FabricChannel.TaskInbound, 0, default, new WrittenContent(new byte[1])));

        Assert.Equal("scripted://one/", (await Step.Within("a link", _transport.OpenedAsync())).Peer.Address);
    }

    [Fact]
    public async Task Where_the_first_address_does_not_do_the_next_is_tried_and_kept()
    {
        var peer = There with { Endpoint = "scripted://one/ scripted://two/" };
        var refused = 0;
        _transport.Connecting = () => ++refused == 1 ? throw new ConnectionRefusedException("one") : Task.CompletedTask;
        Assert.True(_table.TrySend(peer, FabricChannel.TaskInbound, 0, default, new WrittenContent(new byte[1])));
        var second = await Step.Within("a link", _transport.OpenedAsync());
        Assert.Equal("scripted://two/", second.Peer.Address);
        Answer(second, ReadHello(await second.SentAsync()));
        Assert.Single(Messages(await second.SentAsync()));
        second.Close();

        Assert.Equal("scripted://two/", (await Step.Within("a link", _transport.OpenedAsync())).Peer.Address);
        Assert.False(_hearer.Gone.Reader.TryPeek(out _));
    }

    [Fact]
    public async Task A_peer_is_gone_once_all_its_addresses_refuse()
    {
        var peer = There with { Endpoint = "scripted://one/ scripted://two/ scripted://three/" };
        var tries = 0;
        _transport.Connecting = () =>
        {
            tries++;
            throw new ConnectionRefusedException("there");
        };
        Assert.True(_table.TrySend(peer, FabricChannel.TaskInbound, 0, default, new WrittenContent(new byte[1])));

        Assert.Equal(peer, await Step.Within("that the peer is gone", _hearer.Gone.Reader.ReadAsync().AsTask()));
        Assert.Equal(3, tries);
    }

    [Fact]
    public async Task A_peer_is_not_gone_where_one_of_its_addresses_refuses_and_another_does_not_answer()
    {
        var tries = 0;
        _transport.Connecting = () => ++tries > 6 ? Task.CompletedTask : tries % 2 == 0 ? throw new ConnectionRefusedException("two") : throw new TransportException("one", "nobody answers");
        Assert.True(_table.TrySend(There with { Endpoint = "scripted://one/ scripted://two/" }, FabricChannel.TaskInbound, 0, default, new WrittenContent(new byte[1])));

        await Step.Within("a link", _transport.OpenedAsync());
        Assert.False(_hearer.Gone.Reader.TryPeek(out _));
    }

    [Fact]
    public async Task A_peer_that_speaks_to_us_is_called_at_once()
    {
        var tries = 0;
        _transport.Connecting = () => ++tries <= 12 ? throw new TransportException("there", "nobody answers") : Task.CompletedTask;
        Assert.True(Send(10));
        var opening = _transport.OpenedAsync();
        for (ulong stream = 1; !opening.IsCompleted; stream++)
        {
            // Without a word of it the twelfth try would come half a minute later.
            var incoming = _transport.Offer("there");
            incoming.Bring(new Hello(VersionRange.Ours, "rqml", There, stream).ToFrame());
            await incoming.SentAsync();
            await Task.WhenAny(opening, Task.Delay(20));
        }

        Assert.Equal(13, tries);
    }

    [Fact]
    public async Task Nothing_is_lost_where_two_starts_of_a_node_answer_in_turn()
    {
        // A answers, then B, then A again, which still knows the stream.
        var link = await OpenLinkAsync();
        var other = There with { Incarnation = new Incarnation(3) };
        Assert.True(Send(1_000));
        await link.SentAsync();
        link.Close();
        link = await Step.Within("a link", _transport.OpenedAsync());
        Answer(link, ReadHello(await link.SentAsync()), other);
        Assert.True(Send(2_000));
        await link.SentAsync();
        link.Close();
        link = await Step.Within("a link", _transport.OpenedAsync());
        Answer(link, ReadHello(await link.SentAsync()), There, received: 2);

        var returned = new List<int>();
        while (returned.Count < 3) returned.Add(await Step.Within("a message that comes back", _hearer.Returned.Reader.ReadAsync().AsTask()));
        Assert.Equal([1, 1_000, 2_000], returned.Order());
    }

    [Fact]
    public async Task More_messages_than_can_become_whole_at_once_all_arrive_in_the_end()
    {
        // Three senders of 60 KB each, where 100 KB are kept: one by one they are refused, begin anew, and become whole.
        var senders = Enumerable.Range(0, 3).Select(number => new PartSender(_transport, $"sender-{number}")).ToList();
        for (var turn = 0; senders.Any(sender => !sender.HasSentAll) && turn < 100; turn++)
        {
            foreach (var sender in senders.Where(sender => !sender.HasSentAll)) await sender.SendNextAsync(() => _table.HalfReceivedBytes, () => _hearer.Whole.Any(whole => whole.Node.Value == sender.Name));
        }

        Assert.All(senders, sender => Assert.True(sender.HasSentAll));
        Assert.Equal(0, _table.HalfReceivedBytes);
    }

    [Fact]
    public async Task Closing_waits_for_everything_and_leaves_nothing_behind()
    {
        await HeldLinkAsync();
        var late = Enumerable.Range(0, 50).Select(i => _transport.Offer($"{i}")).ToList();
        await Step.Within("closing", _table.DisposeAsync().AsTask());

        Assert.All(late, link => Assert.True(link.IsClosed));
        Assert.All(_transport.Links, link => Assert.True(link.IsClosed));
        Assert.False(Send(1));
        Assert.False(_hearer.Gone.Reader.TryPeek(out _));
        Assert.StartsWith("Information 1204 ", Assert.Single(_journal.Lines), StringComparison.Ordinal);
    }

    private bool Send(int bytes) => _table.TrySend(There, FabricChannel.TaskInbound, 0, default, new WrittenContent(new byte[bytes]));

    private async Task<ScriptedLink> OpenLinkAsync()
    {
        Assert.True(Send(1));
        var link = await Step.Within("a link", _transport.OpenedAsync());
        Answer(link, ReadHello(await link.SentAsync()));
        Assert.Single(Messages(await link.SentAsync()));
        return link;
    }

    /// <summary>An open link whose sender waits for the completion of a send.</summary>
    private async Task<ScriptedLink> HeldLinkAsync()
    {
        var link = await OpenLinkAsync();
        link.Hold();
        Assert.True(Send(1));
        Assert.Single(Messages(await link.SentAsync()));
        return link;
    }

    private static void Answer(ScriptedLink link, Hello hello, Peer? peer = null, ulong received = 0) => link.Bring((hello with
    {
        Peer = peer ?? There,
        Positions = [.. ChannelPromise.All.Where(promise => promise.Delivery == Delivery.AtLeastOnce).Select(promise => new StreamPosition(promise.Channel, promise.Channel == FabricChannel.TaskInbound ? received : 0, 8 << 20))],
    }).ToFrame());

    internal static byte[] Part(ulong sequence, int bytes, FrameFlags flags)
    {
        var frame = new byte[FrameHeader.Bytes + bytes];
        new FrameHeader(bytes, 1, FabricChannel.TaskInbound, FrameKind.Directed, flags, sequence, 0).Write(frame);
        return frame;
    }

    private static async Task<LinkFault> CloseAsync(ScriptedLink link)
    {
        while (true)
        {
            var reader = new FrameReader(new ReadOnlySequence<byte>(await link.SentAsync()));
            while (reader.TryRead(out var header, out _))
            {
                if (header.Kind == FrameKind.Close) return (LinkFault)header.Correlation;
            }
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds()) await Task.Delay(5);
    }

    private static Hello ReadHello(byte[] block)
    {
        var reader = new FrameReader(new ReadOnlySequence<byte>(block));
        Assert.True(reader.TryRead(out var header, out var payload));
        Assert.Equal(FrameKind.Hello, header.Kind);
        return Hello.Read(payload);
    }

    private static List<ulong> Messages(byte[] block)
    {
        var sequences = new List<ulong>();
        var reader = new FrameReader(new ReadOnlySequence<byte>(block));
        while (reader.TryRead(out var header, out _))
        {
            if (header.IsMessage) sequences.Add(header.Sequence);
        }

        return sequences;
    }

    private sealed class Journal : ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{logLevel} {eventId.Id} {formatter(state, exception)}");
    }
}
