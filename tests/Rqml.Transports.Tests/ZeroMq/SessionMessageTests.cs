using System.Buffers;
using System.Buffers.Binary;
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
    public void Whatever_begins_like_a_message_of_ours_is_one_exactly_where_we_could_have_written_it()
    {
        var random = new Random(1);
        var read = new HashSet<SessionMessageKind>();
        for (var i = 0; i < 100_000; i++)
        {
            // Noise alone gets past the protocol's three bytes once in sixteen million times, and past the kind once in thirty.
            var noise = new byte[random.Next(1, 40)];
            random.NextBytes(noise);
            noise[0] = (byte)random.Next(12);
            byte[] bytes = [.. "RZ1"u8, .. noise];

            var isOurs = SessionMessage.TryRead(bytes, out var kind, out var session);
            Assert.True(isOurs == Rewritten(bytes).AsSpan().SequenceEqual(bytes), Convert.ToHexString(bytes));
            if (!isOurs) continue;
            Assert.Equal(((SessionMessageKind)bytes[3], BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(4))), (kind, session));
            read.Add(kind);
        }

        Assert.Equal(Enum.GetValues<SessionMessageKind>().ToHashSet(), read);
    }

    [Theory]
    [InlineData(ZeroMqTransport.MaxBlockBytes, true)]
    [InlineData(ZeroMqTransport.MaxBlockBytes + 1, false)]
    public void A_block_may_be_as_long_as_the_transport_says(int bytes, bool isOurs) =>
        Assert.Equal(isOurs, SessionMessage.TryRead([.. RawPeer.Bytes(SessionMessageKind.Block, 7), .. new byte[bytes]], out _, out _));

    [Fact]
    public void Bytes_that_begin_otherwise_are_no_message_of_ours()
    {
        var bytes = RawPeer.Bytes(SessionMessageKind.Open, 7);
        for (var at = 0; at < "RZ1"u8.Length; at++)
        {
            byte[] other = [.. bytes];
            other[at] ^= 1;
            Assert.False(SessionMessage.TryRead(other, out _, out _));
        }

        for (var length = 0; length < bytes.Length; length++) Assert.False(SessionMessage.TryRead(bytes.AsSpan(0, length), out _, out _));
    }

    [Fact]
    public void Buffers_that_the_pool_never_gave_are_left_to_the_collector()
    {
        MessageBuffers.Install();
        MessageBuffers.Install();
        foreach (var length in new[] { 0, 1, 3, 100, 1_000 }) BufferPool.Return(new byte[length]);

        Assert.NotEmpty(BufferPool.Take(0));
    }

    /// <summary>What our writers make of the kind, the session and the rest; nothing where they write none of the kind, or the bytes are too few to say.</summary>
    private static byte[] Rewritten(byte[] bytes)
    {
        if (bytes.Length < SessionMessage.HeaderBytes) return [];
        var (kind, session, rest) = ((SessionMessageKind)bytes[3], BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(4)), bytes.AsMemory(SessionMessage.HeaderBytes));
        if (kind == SessionMessageKind.Credit && rest.Length < sizeof(long)) return [];
        if (!Enum.IsDefined(kind)) return [];
        var message = kind switch
        {
            SessionMessageKind.Block => SessionMessage.OfBlock(session, new ReadOnlySequence<byte>(rest)),
            SessionMessageKind.Credit => SessionMessage.OfCredit(session, BinaryPrimitives.ReadInt64LittleEndian(rest.Span)),
            _ => SessionMessage.Of(kind, session),
        };
        var written = message.Slice().ToArray();
        message.Close();
        return written;
    }
}
