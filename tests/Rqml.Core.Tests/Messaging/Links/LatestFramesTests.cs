using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

public sealed class LatestFramesTests
{
    private readonly LatestFrames _latest = new(FabricChannel.Metrics);

    [Fact]
    public void The_newest_of_a_topic_takes_the_place_of_the_one_before()
    {
        Replace(1, 10);
        Replace(2, 20);
        Replace(1, 30);

        Assert.Equal([30, 20], [Take(), Take()]);
        Assert.False(_latest.CanSend);
    }

    [Fact]
    public void What_was_sent_does_not_come_again()
    {
        Replace(1, 10);
        Take();
        Assert.False(_latest.CanSend);
        Replace(1, 11);

        Assert.Equal(11, Take());
    }

    [Fact]
    public void A_new_link_is_sent_the_newest_of_each_topic_again()
    {
        Replace(1, 10);
        Replace(2, 20);
        Take();
        _latest.SendAgain();

        Assert.Equal([20, 10], [Take(), Take()]);
        Assert.False(_latest.CanSend);
    }

    [Fact]
    public void Topics_are_bounded()
    {
        for (ulong topic = 0; topic < LatestFrames.MostTopics; topic++) Replace(topic, 1);

        Assert.False(_latest.TryReplace(1, FrameKind.Directed, FrameFlags.None, 1_000, 1, out _));
        Replace(0, 2);
    }

    private void Replace(ulong topic, byte value)
    {
        Assert.True(_latest.TryReplace(1, FrameKind.Directed, FrameFlags.None, topic, value, out var payload));
        payload.Fill(value);
    }

    private byte Take() => _latest.Take()[FrameHeader.Bytes];
}
