using Rqml.Transports.ZeroMq;

namespace Rqml.Transports.Tests.ZeroMq;

public sealed class WindowTests
{
    [Fact]
    public void The_longest_block_fits_whatever_was_used_up_and_not_said() => Assert.True(ZeroMqTransport.MaxBlockBytes + Window.StepBytes <= Window.Bytes);

    [Fact]
    public void A_full_window_fills_no_queue_of_ZeroMQ() => Assert.True(Window.Bytes / Window.LeastCharge * 2 <= Window.HighWatermark);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Both_ends_agree_and_neither_gets_stuck(int seed)
    {
        var random = new Random(seed);
        var (sends, receives) = (new SendWindow(), new ReceiveWindow());
        var (unread, said) = (new Queue<long>(), new Queue<long>());
        for (var step = 0; step < 100_000; step++)
        {
            var charge = Window.ChargeOf(random.Next(3) == 0 ? random.Next(ZeroMqTransport.MaxBlockBytes + 1) : random.Next(100_000));
            if (sends.TryTake(charge))
            {
                Assert.True(receives.TryReceive(charge));
                unread.Enqueue(charge);
            }
            else
            {
                Assert.True(unread.Count + said.Count > 0, "nothing is on its way, and there is no room");
            }

            if (unread.Count > 0 && random.Next(2) == 0 && receives.UseUp(unread.Dequeue(), out var usedUp)) said.Enqueue(usedUp);
            if (said.Count > 0 && random.Next(2) == 0) Assert.True(sends.TryReturn(said.Dequeue()));
            Assert.InRange(unread.Sum(), 0, Window.Bytes);
        }
    }

    [Fact]
    public void What_was_never_sent_cannot_be_used_up_and_nothing_is_taken_back()
    {
        var sends = new SendWindow();
        Assert.False(sends.TryReturn(1));
        Assert.True(sends.TryTake(100_000));
        Assert.False(sends.TryReturn(100_001));
        Assert.True(sends.TryReturn(100_000));
        Assert.False(sends.TryReturn(99_999));
    }

    [Fact]
    public void More_than_was_granted_is_not_received()
    {
        var receives = new ReceiveWindow();
        Assert.True(receives.TryReceive(Window.Bytes));
        Assert.False(receives.TryReceive(Window.LeastCharge));
        Assert.True(receives.UseUp(Window.Bytes, out _));
        Assert.True(receives.TryReceive(Window.LeastCharge));
    }
}
