using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

public sealed class IncomingStreamTests
{
    private const int Window = 1_000;
    private readonly IncomingStream _stream = new(FabricChannel.TaskResults, Window);

    [Fact]
    public void The_next_frame_is_new_and_an_earlier_one_a_duplicate()
    {
        Assert.Equal(FrameFate.New, Take(1));
        Assert.Equal(FrameFate.New, Take(2));
        Assert.Equal(FrameFate.Duplicate, Take(1));
        Assert.Equal(FrameFate.Duplicate, Take(2));
        Assert.Equal(FrameFate.New, Take(3));
    }

    [Fact]
    public void A_missing_frame_is_a_gap()
    {
        Take(1);

        Assert.Equal(LinkFault.SequenceGap, Assert.Throws<LinkViolationException>(() => Take(3)).Fault);
        Assert.Equal(1UL, _stream.Received);
    }

    [Fact]
    public void More_than_was_granted_is_an_overflow_and_a_duplicate_costs_nothing()
    {
        for (ulong sequence = 1; sequence <= 10; sequence++) Take(sequence, 100);
        Take(5, 100);
        Assert.Equal(LinkFault.CreditOverflow, Assert.Throws<LinkViolationException>(() => Take(11, 100)).Fault);
        _stream.Consumed(100);
        Assert.Throws<LinkViolationException>(() => Take(11, 100));      // used up, and not yet granted again
        _stream.Grant();

        Assert.Equal(FrameFate.New, Take(11, 100));
    }

    [Fact]
    public void A_grant_says_what_has_come_and_how_much_more_may()
    {
        Take(1, 100);
        Take(2, 100);
        _stream.Consumed(150);

        Assert.Equal(new StreamPosition(FabricChannel.TaskResults, 2, Window + 150), _stream.Grant());
        Assert.False(_stream.IsBehind);
    }

    [Fact]
    public void A_sender_hears_soon_of_what_has_come_and_at_once_where_it_might_wait()
    {
        Assert.False(_stream.IsBehind);
        Take(1, 100);
        Assert.True(_stream.IsBehind);
        Assert.False(_stream.IsShort);
        Take(2, 150);
        Assert.True(_stream.IsShort);      // a quarter of the window is kept by its sender
        _stream.Grant();
        Assert.False(_stream.IsShort);
        _stream.Consumed(250);

        Assert.True(_stream.IsShort);      // a quarter of the window can be granted
    }

    [Fact]
    public void A_long_message_holds_half_a_window_until_it_is_used_up()
    {
        Assert.Equal(0, _stream.Gather(300));
        Assert.Equal(100, _stream.Gather(300));      // of 600 bytes 500 are half a window
        Assert.Equal(300, _stream.Gather(300));

        Assert.Equal(Window / 2, _stream.EndGathering());
        Assert.Equal(0, _stream.Gather(300));
    }

    private FrameFate Take(ulong sequence, int frameBytes = FrameHeader.Bytes) => _stream.Take(new FrameHeader(frameBytes - FrameHeader.Bytes, 1, FabricChannel.TaskResults, FrameKind.Directed, FrameFlags.None, sequence, 0));
}
