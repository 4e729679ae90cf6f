using System.Buffers;
using Rqml.Messaging;
using Rqml.Messaging.Frames;
using Rqml.Messaging.Links;
using Xunit;

namespace Rqml.Testing.Contracts;

/// <summary>What the channels of the messaging fabric promise, whatever carries them: order, length, lanes, credit, broadcast and subscriptions. Part of <see cref="TransportContract"/>.</summary>
public abstract class ChannelContract : LinkContract
{
    private protected const FabricChannel Tasks = FabricChannel.TaskInbound;
    private protected const FabricChannel Results = FabricChannel.TaskResults;

    private protected static readonly LinkSettings Settings = new() { Liveness = new Liveness { HeartbeatMs = 200, SuspectMs = 1_000, SilentMs = 3_000 }, LongestRetryMs = 200, WindowBytes = 512 << 10 };

    /// <summary>A busy machine may keep a link away, or silent, for a while.</summary>
    private protected static readonly LinkSettings Patient = Settings with { Liveness = new Liveness { HeartbeatMs = 200, SilentMs = 30_000 } };

    /// <summary>Every channel brings what was sent, byte for byte, with its sender and its channel.</summary>
    [Fact]
    public async Task Every_channel_brings_what_was_sent()
    {
        var (a, b) = await NodesAsync();
        foreach (var promise in ChannelPromise.All)
        {
            var content = Bytes((int)promise.Channel, 1_000);
            Assert.True(a.TrySend(b, promise.Channel, content));

            var arrival = await b.ReceiveAsync(promise.Channel);
            Assert.Equal((a.Peer, promise.Channel, FrameKind.Directed), (arrival.From, arrival.Channel, arrival.Kind));
            AssertSame(content, arrival.Content);
        }
    }

    /// <summary>Both ways at once, each in order.</summary>
    [Fact]
    public async Task Messages_of_a_channel_arrive_in_order_both_ways_at_once()
    {
        var (a, b) = await NodesAsync();
        await Task.WhenAll(SendNumbersAsync(a, b, Tasks, 1, 20_000), SendNumbersAsync(b, a, Tasks, 1, 20_000), ReceiveNumbersAsync(b, Tasks, 1, 20_000), ReceiveNumbersAsync(a, Tasks, 1, 20_000));
    }

    /// <summary>Several senders to one receiver: each in order.</summary>
    [Fact]
    public async Task Messages_of_several_senders_arrive_each_in_order()
    {
        var to = await NodeAsync("to");
        FabricNode[] senders = [await NodeAsync("s1"), await NodeAsync("s2"), await NodeAsync("s3")];
        var sending = Task.WhenAll(senders.Select(sender => SendNumbersAsync(sender, to, Tasks, 1, 3_000)));
        var next = senders.ToDictionary(sender => sender.Peer, _ => 1L);
        for (var i = 0; i < 9_000; i++)
        {
            var arrival = await to.ReceiveAsync(Tasks);
            Assert.Equal(next[arrival.From]++, arrival.Number);
        }

        await Step.Within("sending", sending);
    }

    /// <summary>Lengths around those of frames and blocks.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(FrameReader.MaxStreamedBytes - 1)]
    [InlineData(FrameReader.MaxStreamedBytes)]
    [InlineData(FrameReader.MaxStreamedBytes + 1)]
    [InlineData((1 << 20) + 7)]
    public async Task A_message_of_any_length_arrives_whole(int length)
    {
        var (a, b) = await NodesAsync();
        var content = Bytes(length, length);
        await Step.Within("room", a.SendAsync(b, Tasks, content));
        await Step.Within("room", a.SendAsync(b, Tasks, [1, 2, 3]));

        AssertSame(content, (await b.ReceiveAsync(Tasks)).Content);
        Assert.Equal([1, 2, 3], (await b.ReceiveAsync(Tasks)).Content);
    }

    /// <summary>The longest message is far longer than a window: credit comes while it is on its way.</summary>
    [Fact]
    public async Task The_longest_message_arrives_and_a_longer_one_is_refused()
    {
        var (a, b) = await NodesAsync();
        var longest = Bytes(1, MessageParts.MostBytes - TraceContext.Bytes);
        Assert.True(a.TrySend(b, Results, longest));
        AssertSame(longest, (await b.ReceiveAsync(Results)).Content);

        Assert.False(a.TrySend(b, Results, new byte[longest.Length + 1]));
        await Assert.ThrowsAsync<ArgumentException>(() => a.SendAsync(b, Results, new byte[longest.Length + 1]));
    }

    /// <summary>A large blob goes in frames, and what is urgent goes between them.</summary>
    [Fact]
    public async Task A_large_message_does_not_hold_up_the_control_lane()
    {
        var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var a = await NodeAsync("a", settings: Patient with { Wrap = async (link, _, token) => { await opened.Task.WaitAsync(token); return link; } });
        var b = await NodeAsync("b", settings: Patient);
        Assert.True(a.TrySend(b, Results, new byte[24 << 20]));
        Assert.True(a.TrySend(b, FabricChannel.Alerts, [1]));
        opened.SetResult();      // both wait by now

        var alert = await b.ReceiveAsync(FabricChannel.Alerts);
        var result = await b.ReceiveAsync(Results);
        Assert.True(alert.Place < result.Place, "24 MiB came before an alert that was sent with them");
    }

    /// <summary>Whatever the links do, a channel that promises it brings everything once and in order.</summary>
    [Fact]
    public async Task What_is_cut_off_arrives_once_and_in_order()
    {
        var transport = new CuttableTransport(Transport);
        var a = await NodeAsync("a", settings: Patient, transport: transport);
        var b = await NodeAsync("b", settings: Patient);
        await Task.WhenAll(SendNumbersAsync(a, b, Tasks, 1, 100), ReceiveNumbersAsync(b, Tasks, 1, 100));
        await transport.CutAsync();      // one that is open for certain; the others as it happens
        var receiving = ReceiveNumbersAsync(b, Tasks, 101, 20_000);
        var results = ReceiveNumbersAsync(b, Results, 1, 20_000);
        var sending = Task.WhenAll(SendNumbersAsync(a, b, Tasks, 101, 20_000), SendNumbersAsync(a, b, Results, 1, 20_000));
        while (!receiving.IsCompleted || !results.IsCompleted)
        {
            await transport.CutAsync();
            await Task.WhenAny(Task.WhenAll(receiving, results), Task.Delay(5));
        }

        await receiving;
        await results;
        await sending;
        Assert.False(b.HasReceived(Tasks));
        Assert.False(b.HasReceived(Results));
        Assert.True(transport.Connections > 1, "nothing was cut");
    }

    /// <summary>Nothing is sent twice over links that last.</summary>
    [Fact]
    public async Task A_link_that_lasts_replays_nothing()
    {
        var a = await NodeAsync("a", settings: Patient);
        var b = await NodeAsync("b", settings: Patient);
        await Task.WhenAll(SendNumbersAsync(a, b, Tasks, 1, 5_000), ReceiveNumbersAsync(b, Tasks, 1, 5_000));

        Assert.Equal(0, a.Links.Replayed());
    }

    /// <summary>Of metrics and heartbeats the newest of each topic arrives, however many were sent.</summary>
    [Theory]
    [InlineData((int)FabricChannel.Metrics)]
    [InlineData((int)FabricChannel.Heartbeats)]
    public async Task The_newest_of_each_topic_arrives(int number)
    {
        var channel = (FabricChannel)number;
        var a = await NodeAsync("a", settings: Patient);
        var b = await NodeAsync("b", settings: Patient);
        for (long i = 1; i <= 10_000; i++)
        {
            Assert.True(a.TrySend(b, channel, BitConverter.GetBytes(i), topics: 1));
            Assert.True(a.TrySend(b, channel, BitConverter.GetBytes(i), topics: 2));
        }

        var newest = new Dictionary<ulong, long> { [1] = 0, [2] = 0 };
        while (newest.Values.Any(last => last < 10_000))
        {
            var arrival = await b.ReceiveAsync(channel);
            Assert.True(arrival.Number > newest[arrival.Topics], "an older one came after a newer one");
            newest[arrival.Topics] = arrival.Number;
        }
    }

    /// <summary>A receiver that uses nothing up is sent what it has granted and no more, and its sender keeps no more than that.</summary>
    [Fact]
    public async Task A_peer_that_uses_nothing_up_costs_its_credit_and_no_more()
    {
        var (a, b) = await NodesAsync();
        b.Consumes = false;
        var taken = await FillAsync(a, b);

        Assert.Equal(Settings.WindowBytes, b.HeldBytes);
        Assert.Equal(Settings.WindowBytes, a.Links.KeptBytes());
        b.ConsumeAll();
        for (var i = 0; i < taken; i++) await b.ReceiveAsync(Tasks);
    }

    /// <summary>Messages of several frames cost credit like any other.</summary>
    [Fact]
    public async Task A_peer_that_uses_no_long_message_up_is_not_sent_more_and_more()
    {
        var (a, b) = await NodesAsync();
        b.Consumes = false;
        var content = new byte[100_000];
        long taken = 0;
        while (a.TrySend(b, Tasks, content) || await IsRoomSoonAsync(a, b, content)) taken += content.Length;

        Assert.InRange(taken, Settings.WindowBytes / 2, 4 * Settings.WindowBytes);
        b.ConsumeAll();
        for (var i = 0; i < taken / content.Length; i++) await b.ReceiveAsync(Tasks);
    }

    /// <summary>A channel that is out of credit holds up no other.</summary>
    [Fact]
    public async Task A_channel_without_credit_does_not_hold_up_the_others()
    {
        var (a, b) = await NodesAsync();
        b.Consumes = false;
        while (a.TrySend(b, Tasks, new byte[10_000])) { }
        await SendNumbersAsync(a, b, Results, 1, 100);
        Assert.True(a.TrySend(b, FabricChannel.Heartbeats, [1]));

        await ReceiveNumbersAsync(b, Results, 1, 100);
        await b.ReceiveAsync(FabricChannel.Heartbeats);
    }

    /// <summary>A peer that uses nothing up holds up no other peer.</summary>
    [Fact]
    public async Task A_slow_peer_does_not_hold_up_the_others()
    {
        var a = await NodeAsync("a");
        var slow = await NodeAsync("slow");
        var quick = await NodeAsync("quick");
        slow.Consumes = false;
        while (a.TrySend(slow, Tasks, new byte[10_000])) { }

        await Task.WhenAll(SendNumbersAsync(a, quick, Tasks, 1, 2_000), ReceiveNumbersAsync(quick, Tasks, 1, 2_000));
    }

    /// <summary>Whoever waits for room may stop waiting, and gets it when it comes.</summary>
    [Fact]
    public async Task Waiting_for_room_ends_with_room_or_with_its_token()
    {
        var (a, b) = await NodesAsync();
        b.Consumes = false;
        await FillAsync(a, b);
        using var source = new CancellationTokenSource();
        var cancelled = a.SendAsync(b, Tasks, new byte[10_000], source.Token);
        var waiting = a.SendAsync(b, Tasks, new byte[10_000]);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Step.Within("the end of waiting", cancelled));
        Assert.False(waiting.IsCompleted);

        b.ConsumeAll();
        await Step.Within("room", waiting);
    }

    /// <summary>A broadcast reaches every node once.</summary>
    [Fact]
    public async Task A_broadcast_reaches_every_node_once()
    {
        var a = await NodeAsync("a");
        FabricNode[] others = [await NodeAsync("b"), await NodeAsync("c"), await NodeAsync("d")];
        foreach (var other in others) await HandShakeAsync(a, other);

        Assert.Equal(3, a.Links.Broadcast(Tasks, 0, default, Bytes(1, 500)));
        Assert.Equal(3, a.Links.Broadcast(Tasks, 0, default, Bytes(2, 200_000)));
        foreach (var other in others)
        {
            var (first, second) = (await other.ReceiveAsync(Tasks), await other.ReceiveAsync(Tasks));
            Assert.Equal((FrameKind.Broadcast, FrameKind.Broadcast), (first.Kind, second.Kind));
            AssertSame(Bytes(1, 500), first.Content);
            AssertSame(Bytes(2, 200_000), second.Content);
            Assert.False(other.HasReceived(Tasks));
        }
    }

    /// <summary>What is published reaches whoever subscribed to one of its topics, and nobody else.</summary>
    [Fact]
    public async Task What_is_published_reaches_its_subscribers_alone()
    {
        var a = await NodeAsync("a");
        var odd = await NodeAsync("odd");
        var even = await NodeAsync("even");
        var both = await NodeAsync("both");
        await SubscribeAsync(odd, a, 1);
        await SubscribeAsync(even, a, 2);
        await SubscribeAsync(both, a, 3);
        for (long i = 1; i <= 100; i++) Assert.Equal(2, a.Links.Publish(FabricChannel.SupervisionEvents, i % 2 == 1 ? 1UL : 2UL, default, BitConverter.GetBytes(i)));

        for (long i = 1; i <= 100; i++)
        {
            Assert.Equal(i, (await (i % 2 == 1 ? odd : even).ReceiveAsync(FabricChannel.SupervisionEvents)).Number);
            Assert.Equal(i, (await both.ReceiveAsync(FabricChannel.SupervisionEvents)).Number);
        }

        Assert.False(odd.HasReceived(FabricChannel.SupervisionEvents));
        Assert.False(even.HasReceived(FabricChannel.SupervisionEvents));
    }

    /// <summary>The newest word of a subscriber counts, over whichever link it came.</summary>
    [Fact]
    public async Task A_subscription_outlives_its_link_and_ends_when_it_is_taken_back()
    {
        var transport = new CuttableTransport(Transport);
        var a = await NodeAsync("a");
        var b = await NodeAsync("b", transport: transport);
        await SubscribeAsync(b, a, 1);
        await transport.CutAsync();
        await HandShakeAsync(b, a);
        Assert.Equal(1, a.Links.Publish(FabricChannel.SupervisionEvents, 1, default, Bytes(1, 8)));
        await b.ReceiveAsync(FabricChannel.SupervisionEvents);

        b.Links.Subscribe(a.Peer, FabricChannel.SupervisionEvents, 0);
        await UntilAsync("the end of the subscription", () => a.Links.WantedElsewhere(FabricChannel.SupervisionEvents) == 0);
        Assert.Equal(0, a.Links.Publish(FabricChannel.SupervisionEvents, 1, default, Bytes(1, 8)));
    }

    /// <summary>Whoever comes and goes without a word leaves room for others.</summary>
    [Fact]
    public async Task Streams_of_strangers_leave_room_for_others()
    {
        var settings = Settings with { MostStreams = 8, MostStreamsOfNode = 4 };
        var a = await NodeAsync("a");
        var b = await NodeAsync("b", settings: settings);
        for (ulong stream = 1; stream <= 50; stream++)
        {
            await using var link = await Step.Within("a link", Transport.ConnectAsync(new Uri(b.Peer.Endpoint), CancellationToken.None).AsTask());
            await SayAsync(link, [Violations.HelloOf(stream)]);
            using (await Step.Within("the answer", link.ReceiveBlockAsync(CancellationToken.None).AsTask())) { }
        }

        await HandShakeAsync(a, b);
        Assert.InRange(b.Links.RememberedStreams, 1, 8);
    }

    private protected async Task<FabricNode> NodeAsync(string name, ulong incarnation = 1, LinkSettings? settings = null, ITransport? transport = null, Uri? address = null) =>
        Opened(await FabricNode.StartAsync(name, incarnation, transport ?? Transport, address ?? NewAddress(), settings ?? Settings));

    private protected async Task<(FabricNode A, FabricNode B)> NodesAsync() => (await NodeAsync("a"), await NodeAsync("b"));

    /// <summary>From then on the link is open, and speaks the newest protocol.</summary>
    private protected static async Task HandShakeAsync(FabricNode from, FabricNode to)
    {
        Assert.True(from.TrySend(to, FabricChannel.Alerts, [0]));
        await to.ReceiveAsync(FabricChannel.Alerts);
    }

    private protected static async Task SubscribeAsync(FabricNode subscriber, FabricNode publisher, ulong topics)
    {
        subscriber.Links.Subscribe(publisher.Peer, FabricChannel.SupervisionEvents, topics);
        await HandShakeAsync(subscriber, publisher);
        await UntilAsync("the subscription", () => publisher.Links.Subscribers(FabricChannel.SupervisionEvents, topics).Any(peer => peer == subscriber.Peer));
    }

    private protected static async Task SendNumbersAsync(FabricNode from, FabricNode to, FabricChannel channel, long first, long last)
    {
        for (var number = first; number <= last; number++) await Step.Within("room", from.SendAsync(to, channel, BitConverter.GetBytes(number)));
    }

    private protected static async Task ReceiveNumbersAsync(FabricNode at, FabricChannel channel, long first, long last)
    {
        for (var number = first; number <= last; number++) Assert.Equal(number, (await at.ReceiveAsync(channel)).Number);
    }

    /// <summary>
    /// Sends all that there is room for where nothing is used up, in messages that fill windows without a rest: one window is with the receiver, and one with the sender. Nothing
    /// is left to be acknowledged then, so that there will be no room. How many there are.
    /// </summary>
    private protected static async Task<int> FillAsync(FabricNode from, FabricNode to)
    {
        const int frameBytes = 8 << 10;
        var content = new byte[frameBytes - FrameHeader.Bytes];
        var count = (int)(2 * Settings.WindowBytes / frameBytes);
        for (var i = 0; i < count; i++) await Step.Within("room", from.SendAsync(to, Tasks, content));
        Assert.False(from.TrySend(to, Tasks, [1]), "there is room for more than two windows");
        return count;
    }

    /// <summary>Whether there is room once what was taken has been sent. A slow machine makes the test shorter, never red.</summary>
    private protected static async Task<bool> IsRoomSoonAsync(FabricNode from, FabricNode to, byte[] content)
    {
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        try
        {
            await from.SendAsync(to, Tasks, content, source.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private protected static async Task UntilAsync(string step, Func<bool> holds)
    {
        for (var tries = 0; !holds(); tries++)
        {
            if (tries > 3_000) Assert.Fail($"'{step}' did not come.");
            await Task.Delay(10);
        }
    }

    private protected static async Task SayAsync(ILink link, IEnumerable<byte[]> blocks)
    {
        try
        {
            foreach (var block in blocks) await link.SendBlockAsync(new ReadOnlySequence<byte>(block), CancellationToken.None);
        }
        catch (LinkClosedException)
        {
            // As it should.
        }
    }
}
