using System.Buffers;
using System.Diagnostics;
using Rqml.Messaging;
using Rqml.Messaging.Frames;
using Rqml.Messaging.Links;
using Xunit;

namespace Rqml.Testing.Contracts;

/// <summary>
/// What every <see cref="ITransport"/> promises, alone and under the messaging fabric: the promises of the channels are the same over each. Derive from it in a test
/// project and say how a transport is made and where it may listen.
/// </summary>
public abstract class TransportContract : ChannelContract
{
    /// <summary>Nobody listens there any more: its owner hears of it at once, and gets back what may not have arrived.</summary>
    [Fact]
    public async Task Where_a_process_is_gone_its_messages_come_back()
    {
        var (a, b) = await NodesAsync();
        await HandShakeAsync(a, b);
        await UntilAsync("the acknowledgement", () => a.Links.KeptBytes() == 0);      // else the greeting comes back too
        await b.DisposeAsync();
        for (long i = 1; i <= 3; i++) Assert.True(a.TrySend(b, Tasks, BitConverter.GetBytes(i)));

        for (long i = 1; i <= 3; i++)
        {
            var (to, channel, content) = await a.UndeliveredAsync();
            Assert.Equal((b.Peer, Tasks, i), (to, channel, BitConverter.ToInt64(content)));
        }

        Assert.Equal(b.Peer, await a.GoneAsync());
    }

    /// <summary>A message of many frames comes back whole, too.</summary>
    [Fact]
    public async Task A_long_message_comes_back_whole()
    {
        var a = await NodeAsync("a");
        var nobody = new Peer(new NodeId("nobody"), new Incarnation(7), NewAddress().AbsoluteUri);
        var content = Bytes(1, 300_000);
        Assert.True(a.Links.TrySend(nobody, Tasks, 0, default, new WrittenContent(content)));

        AssertSame(content, (await a.UndeliveredAsync()).Content);
    }

    /// <summary>Another start at the same address is another peer: it gets nothing that was for the one before, and everything that is sent from then on.</summary>
    [Fact]
    public async Task Another_start_at_the_address_is_another_peer()
    {
        var address = NewAddress();
        var a = await NodeAsync("a");
        var before = await NodeAsync("b", 1, address: address);
        before.Consumes = false;
        await FillAsync(a, before);
        await before.DisposeAsync();
        var after = await NodeAsync("b", 2, address: address);
        await a.UndeliveredAsync();

        Assert.True(a.TrySend(after, FabricChannel.Alerts, [42]));
        Assert.Equal([42], (await after.ReceiveAsync(FabricChannel.Alerts)).Content);
        Assert.False(after.HasReceived(Tasks));
    }

    /// <summary>Somebody accepts the connection and never says a word: after the time for that the link is given up.</summary>
    [Fact]
    public async Task A_peer_that_never_answers_is_given_up()
    {
        await using var mute = await Transport.ListenAsync(NewAddress(), CancellationToken.None);
        var a = await NodeAsync("a");
        Assert.True(a.Links.TrySend(new Peer(new NodeId("mute"), new Incarnation(7), mute.Address.AbsoluteUri), Tasks, 0, default, new WrittenContent(new byte[] { 1 })));

        Assert.Equal([1], (await a.UndeliveredAsync()).Content);
        Assert.Equal("mute", (await a.UnreachableAsync()).Node.Value);
    }

    /// <summary>The newest protocol and the one before understand one another, whoever calls.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_protocol_before_is_understood(bool isCallerOld)
    {
        var old = Settings with { Versions = new VersionRange(1, 1) };
        var a = await NodeAsync("a", settings: isCallerOld ? old : Settings);
        var b = await NodeAsync("b", settings: isCallerOld ? Settings : old);
        await HandShakeAsync(a, b);
        Assert.True(a.TrySend(b, Tasks, [5], trace: SomeTrace));

        var arrival = await b.ReceiveAsync(Tasks);
        Assert.Equal([5], arrival.Content);
        Assert.Null(arrival.Trace);      // protocol 1 knows none
    }

    /// <summary>Where there is no protocol that both speak, nothing is said.</summary>
    [Fact]
    public async Task Without_a_common_protocol_nothing_is_said()
    {
        var a = await NodeAsync("a");
        var b = await NodeAsync("b", settings: Settings with { Versions = new VersionRange(3, 4) });
        Assert.True(a.TrySend(b, Tasks, [1]));

        Assert.Equal([1], (await a.UndeliveredAsync()).Content);
        Assert.False(b.HasReceived(Tasks));
    }

    /// <summary>Nodes of another cluster get and bring nothing.</summary>
    [Fact]
    public async Task Another_cluster_is_refused()
    {
        var a = await NodeAsync("a");
        var b = await NodeAsync("b", settings: Settings with { Cluster = "other" });
        Assert.True(a.TrySend(b, Tasks, [1]));

        Assert.Equal([1], (await a.UndeliveredAsync()).Content);
        Assert.False(b.HasReceived(Tasks));
    }

    /// <summary>Another node has taken the address: it does not get what is for the one that was there.</summary>
    [Fact]
    public async Task Another_node_at_the_address_gets_nothing_that_is_not_for_it()
    {
        var a = await NodeAsync("a");
        var other = await NodeAsync("other");
        Assert.True(a.Links.TrySend(other.Peer with { Node = new NodeId("b") }, Tasks, 0, default, new WrittenContent(new byte[] { 1 })));
        Assert.True(a.TrySend(other, Tasks, [2]));

        Assert.Equal([1], (await a.UndeliveredAsync()).Content);
        Assert.Equal([2], (await other.ReceiveAsync(Tasks)).Content);
        Assert.False(other.HasReceived(Tasks));
    }

    /// <summary>Who asks for whoever listens reaches that node, and under its name too.</summary>
    [Fact]
    public async Task Whoever_answers_is_reached_under_its_name_over_the_same_link()
    {
        var a = await NodeAsync("a");
        var b = await NodeAsync("b");
        Assert.True(a.Links.TrySend(b.Peer with { Node = default }, Tasks, 0, default, new WrittenContent(new byte[] { 1 })));
        Assert.Equal([1], (await b.ReceiveAsync(Tasks)).Content);
        Assert.True(a.TrySend(b, Tasks, [2]));

        Assert.Equal([2], (await b.ReceiveAsync(Tasks)).Content);
        Assert.Equal(1, b.Links.RememberedStreams);
    }

    /// <summary>What is put around links, such as encryption, is around every byte of them, at both ends and after each cut.</summary>
    [Fact]
    public async Task What_is_put_around_links_is_around_every_byte()
    {
        var masked = Settings with { Wrap = MaskedLink.WrapAsync };
        var a = await NodeAsync("a", settings: masked);
        var b = await NodeAsync("b", settings: masked);
        var content = Bytes(1, 200_000);
        Assert.True(a.TrySend(b, Tasks, content));
        Assert.True(b.TrySend(a, Results, content));

        AssertSame(content, (await b.ReceiveAsync(Tasks)).Content);
        AssertSame(content, (await a.ReceiveAsync(Results)).Content);
    }

    /// <summary>Whoever does not put around links what the other end does is not heard.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_only_one_end_puts_around_links_keeps_the_other_out(bool isCallerBare)
    {
        var masked = Settings with { Wrap = MaskedLink.WrapAsync };
        var a = await NodeAsync("a", settings: isCallerBare ? Settings : masked);
        var b = await NodeAsync("b", settings: isCallerBare ? masked : Settings);
        Assert.True(a.TrySend(b, Tasks, [1]));

        Assert.Equal([1], (await a.UndeliveredAsync()).Content);
        Assert.False(b.HasReceived(Tasks));
    }

    /// <summary>A message carries the W3C context of the span in which it was sent, one of many frames too.</summary>
    [Theory]
    [InlineData(10)]
    [InlineData(200_000)]
    public async Task A_message_carries_its_trace_context(int length)
    {
        var (a, b) = await NodesAsync();
        await HandShakeAsync(a, b);
        Assert.True(a.TrySend(b, Results, Bytes(1, length), trace: SomeTrace));

        var arrival = await b.ReceiveAsync(Results);
        Assert.Equal((SomeTrace.TraceId, SomeTrace.SpanId, SomeTrace.TraceFlags), (arrival.Trace?.TraceId, arrival.Trace?.SpanId, arrival.Trace?.TraceFlags));
        AssertSame(Bytes(1, length), arrival.Content);
    }

    /// <summary>Whoever breaks the protocol loses its link; its node stays up, and the links of others are untouched.</summary>
    [Theory]
    [InlineData("garbage", nameof(LinkFault.Malformed))]
    [InlineData("a message before hello", nameof(LinkFault.OutOfTurn))]
    [InlineData("a second hello", nameof(LinkFault.OutOfTurn))]
    [InlineData("a truncated header", nameof(LinkFault.Malformed))]
    [InlineData("a truncated frame", nameof(LinkFault.Malformed))]
    [InlineData("an unknown kind", nameof(LinkFault.Malformed))]
    [InlineData("an unknown flag", nameof(LinkFault.Malformed))]
    [InlineData("an unknown channel", nameof(LinkFault.UnknownChannel))]
    [InlineData("a length over the bound", nameof(LinkFault.TooLong))]
    [InlineData("a negative length", nameof(LinkFault.TooLong))]
    [InlineData("another version", nameof(LinkFault.WrongVersion))]
    [InlineData("a missing frame", nameof(LinkFault.SequenceGap))]
    [InlineData("more than was granted", nameof(LinkFault.CreditOverflow))]
    [InlineData("a message without end", nameof(LinkFault.TooLong))]
    [InlineData("a grant of a receiver", nameof(LinkFault.OutOfTurn))]
    public async Task Whoever_breaks_the_protocol_loses_its_link_and_no_other(string how, string fault)
    {
        var a = await NodeAsync("a", settings: Patient);
        var b = await NodeAsync("b", settings: Patient with { WindowBytes = how == "a message without end" ? 2 * MessageParts.MostBytes : Settings.WindowBytes });
        await HandShakeAsync(a, b);
        b.Consumes = how != "more than was granted";
        var link = await Step.Within("a link", Transport.ConnectAsync(new Uri(b.Peer.Endpoint), CancellationToken.None).AsTask());
        await using (link)
        {
            var saying = SayAsync(link, Violations.Of(how));
            Assert.Equal(fault, (await ReasonAsync(link)).ToString());
            await Step.Within("the end of saying it", saying);
        }

        Assert.True(a.TrySend(b, Results, [9]));
        Assert.Equal([9], (await b.ReceiveAsync(Results)).Content);
        Assert.Equal(0, a.Links.Replayed());
    }

    /// <summary>A receiver that acknowledges what was never sent, or speaks out of turn, loses its link; its sender stays up.</summary>
    [Theory]
    [InlineData("an acknowledgement of what was never sent")]
    [InlineData("a grant before hello")]
    [InlineData("a message from a receiver")]
    [InlineData("garbage")]
    [InlineData("a place beyond the stream")]
    public async Task A_receiver_that_breaks_the_protocol_loses_its_link(string how)
    {
        await using var listener = await Transport.ListenAsync(NewAddress(), CancellationToken.None);
        var (a, b) = await NodesAsync();
        Assert.True(a.Links.TrySend(new Peer(new NodeId("liar"), new Incarnation(7), listener.Address.AbsoluteUri), Tasks, 0, default, new WrittenContent(new byte[] { 1 })));
        var link = await Step.Within("a link", listener.AcceptAsync(CancellationToken.None).AsTask());
        await using (link)
        {
            using (await Step.Within("hello", link.ReceiveBlockAsync(CancellationToken.None).AsTask())) { }
            await SayAsync(link, Violations.OfReceiver(how));
            await UntilClosedAsync(link);
        }

        await SendNumbersAsync(a, b, Results, 1, 10);
        await ReceiveNumbersAsync(b, Results, 1, 10);
    }

    /// <summary>A table closes at once, whatever waits and whoever does not answer.</summary>
    [Fact]
    public async Task Closing_waits_for_nobody()
    {
        await using var mute = await Transport.ListenAsync(NewAddress(), CancellationToken.None);
        var (a, b) = await NodesAsync();
        b.Consumes = false;
        await FillAsync(a, b);
        a.Links.TrySend(new Peer(new NodeId("mute"), new Incarnation(7), mute.Address.AbsoluteUri), Tasks, 0, default, new WrittenContent(new byte[] { 1 }));
        var waiting = a.SendAsync(b, Tasks, new byte[100_000]);
        await Step.Within("closing", a.DisposeAsync().AsTask());

        await Assert.ThrowsAsync<LinkClosedException>(() => Step.Within("the end of waiting", waiting));
        Assert.False(a.TrySend(b, Tasks, [1]));
    }

    private static ActivityContext SomeTrace { get; } = new(
        ActivityTraceId.CreateFromString("4bf92f3577b34da6a3ce929d0e0e4736"), ActivitySpanId.CreateFromString("00f067aa0ba902b7"), ActivityTraceFlags.Recorded);

    /// <summary>What the other end says when it closes the link.</summary>
    private static async Task<LinkFault> ReasonAsync(ILink link)
    {
        while (true)
        {
            using var block = await Step.Within("the reason", link.ReceiveBlockAsync(CancellationToken.None).AsTask());
            if (CloseIn(block.Bytes) is { } fault) return fault;
        }
    }

    private static LinkFault? CloseIn(ReadOnlySequence<byte> block)
    {
        var reader = new FrameReader(block);
        while (reader.TryRead(out var header, out _))
        {
            if (header.Kind == FrameKind.Close) return (LinkFault)header.Correlation;
        }

        return null;
    }

    private static async Task UntilClosedAsync(ILink link)
    {
        try
        {
            while (true)
            {
                using var block = await Step.Within("the end of the link", link.ReceiveBlockAsync(CancellationToken.None).AsTask());
            }
        }
        catch (LinkClosedException)
        {
            // As it should.
        }
    }
}
