using System.Buffers;
using NetMQ;
using Rqml.Transports.ZeroMq;

namespace Rqml.Transports.Tests.ZeroMq;

[Collection(ZeroMqCollection.Name)]
public sealed class SessionMessageTests
{
    [Fact]
    public void A_message_says_its_kind_and_its_session()
    {
        foreach (var kind in Enum.GetValues<SessionMessageKind>().Where(kind => kind != SessionMessageKind.Credit))
        {
            Assert.True(SessionMessage.TryRead(RawPeer.Bytes(kind, ulong.MaxValue - 3), out var read, out var session));
            Assert.Equal((kind, ulong.MaxValue - 3), (read, session));
        }
    }

    [Fact]
    public void A_block_is_what_follows_the_header()
    {
        var message = SessionMessage.OfBlock(7, new ReadOnlySequence<byte>([1, 2, 3]));

        Assert.True(SessionMessage.TryRead(message.Slice(), out var kind, out var session));
        Assert.Equal((SessionMessageKind.Block, 7UL), (kind, session));
        Assert.Equal([1, 2, 3], message.Slice(SessionMessage.HeaderBytes).ToArray());
        message.Close();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(123_456_789_012)]
    [InlineData(long.MaxValue)]
    public void A_credit_says_what_was_used_up(long usedUp)
    {
        var message = SessionMessage.OfCredit(7, usedUp);

        Assert.True(SessionMessage.TryRead(message.Slice(), out var kind, out _));
        Assert.Equal((SessionMessageKind.Credit, usedUp), (kind, SessionMessage.UsedUp(message.Slice())));
        message.Close();
    }

    [Fact]
    public void Random_bytes_are_no_message_of_ours()
    {
        var random = new Random(1);
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = new byte[random.Next(40)];
            random.NextBytes(bytes);
            Assert.False(SessionMessage.TryRead(bytes, out _, out _));
        }
    }

    [Fact]
    public void Buffers_that_the_pool_never_gave_are_left_to_the_collector()
    {
        MessageBuffers.Install();
        MessageBuffers.Install();
        foreach (var length in new[] { 0, 1, 3, 100, 1_000 }) BufferPool.Return(new byte[length]);

        Assert.NotEmpty(BufferPool.Take(0));
    }
}
