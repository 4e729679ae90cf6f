using System.Buffers;
using Google.Protobuf;
using Rqml.Messaging.Links;
using Rqml.Protocol;

namespace Rqml.Messaging.Frames;

public sealed class HelloTests
{
    private static readonly Hello Some = new(new VersionRange(1, 2), "rqml", new Peer(new NodeId("a"), new Incarnation(7), "tcp://127.0.0.1:1/"), 3)
    {
        Positions = [new StreamPosition(FabricChannel.TaskInbound, 12, 34_000), new StreamPosition(FabricChannel.Alerts, 0, 9)],
        Subscriptions = [new Subscription(FabricChannel.SupervisionEvents, ulong.MaxValue)],
    };

    [Fact]
    public void A_hello_comes_back_as_it_was_said()
    {
        var read = Read(Some.ToFrame());

        Assert.Equal(Some with { Positions = read.Positions, Subscriptions = read.Subscriptions }, read);
        Assert.Equal(Some.Positions, read.Positions);
        Assert.Equal(Some.Subscriptions, read.Subscriptions);
    }

    [Fact]
    public void What_nobody_says_is_refused()
    {
        foreach (var change in (Action<HelloBody>[])
            [
                body => body.LowestVersion = 0,
                body => body.HighestVersion = 0,
                body => body.HighestVersion = 256,
                body => body.Cluster = "",
                body => body.Cluster = new string('x', 129),
                body => body.Peer = null,
                body => body.Streams.Add(new HelloBody.Types.Stream { Channel = 99 }),
                body => body.Streams.Add(new HelloBody.Types.Stream { Channel = (uint)FabricChannel.Metrics }),
                body => body.Streams.Add(new HelloBody.Types.Stream { Channel = 1, Limit = ulong.MaxValue }),
                body => body.Subscriptions.Add(new HelloBody.Types.Subscription { Channel = 0 }),
            ])
        {
            var body = HelloBody.Parser.ParseFrom(Some.ToFrame().AsSpan(FrameHeader.Bytes));
            change(body);
            Assert.Equal(LinkFault.Malformed, Assert.Throws<LinkViolationException>(() => Hello.Read(new ReadOnlySequence<byte>(body.ToByteArray()))).Fault);
        }
    }

    [Theory]
    [InlineData(1, 2, 1, 2, 2)]
    [InlineData(1, 2, 2, 3, 2)]
    [InlineData(1, 1, 1, 2, 1)]
    [InlineData(1, 2, 3, 4, null)]
    [InlineData(3, 4, 1, 2, null)]
    public void The_newest_common_protocol_is_spoken(byte ourLowest, byte ourHighest, byte theirLowest, byte theirHighest, int? common) =>
        Assert.Equal(common, new VersionRange(ourLowest, ourHighest).Common(new VersionRange(theirLowest, theirHighest)));

    private static Hello Read(byte[] frame)
    {
        var reader = new FrameReader(new ReadOnlySequence<byte>(frame));
        Assert.True(reader.TryRead(out _, out var payload));
        return Hello.Read(payload);
    }
}
