using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

public sealed class SubscribersTests
{
    private const FabricChannel Channel = FabricChannel.SupervisionEvents;

    private readonly Subscribers _subscribers = new();

    [Fact]
    public void Of_two_starts_of_a_node_the_one_that_spoke_last_hears()
    {
        Set(start: 1, stream: 1, topics: 1);
        Set(start: 2, stream: 1, topics: 3);
        Assert.Equal([(2UL, 3UL)], Wanting());
        Set(start: 1, stream: 1, topics: 5);      // it was stopped, and goes on

        Assert.Equal([(1UL, 5UL)], Wanting());
    }

    [Fact]
    public void A_start_that_is_gone_leaves_what_another_wants()
    {
        Set(start: 2, stream: 1, topics: 3);
        Set(start: 1, stream: 1, topics: 1);
        _subscribers.Remove(new NodeId("a"), new Incarnation(1));

        Assert.Equal([(2UL, 3UL)], Wanting());
    }

    [Fact]
    public void A_node_with_two_streams_wants_what_is_wanted_over_either()
    {
        Set(start: 1, stream: 1, topics: 1);
        Set(start: 1, stream: 2, topics: 4);
        Assert.Equal([(1UL, 5UL)], Wanting());
        _subscribers.Remove(Key(1, 1));

        Assert.Equal([(1UL, 4UL)], Wanting());
        Assert.Equal(4UL, _subscribers.Wanted(Channel));
    }

    [Fact]
    public void Saying_the_same_again_changes_nothing()
    {
        Assert.True(Set(start: 1, stream: 1, topics: 1));

        Assert.False(Set(start: 1, stream: 1, topics: 1));
        Assert.True(_subscribers.Change(Key(1, 1), PeerOf(1), new Subscription(Channel, 0)));
        Assert.Empty(Wanting());
    }

    private bool Set(ulong start, ulong stream, ulong topics) => _subscribers.Set(Key(start, stream), PeerOf(start), [new Subscription(Channel, topics)]);

    private (ulong Start, ulong Topics)[] Wanting()
    {
        var wanting = new List<(ulong, ulong)>();
        foreach (var (peer, topics) in _subscribers.Of(Channel)) wanting.Add((peer.Incarnation.Value, topics));
        return [.. wanting];
    }

    private static StreamKey Key(ulong start, ulong stream) => new(new NodeId("a"), new Incarnation(start), stream);

    private static Peer PeerOf(ulong start) => new(new NodeId("a"), new Incarnation(start), $"scripted://a-{start}/");
}
