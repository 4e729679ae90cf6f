using System.Buffers;
using FsCheck.Xunit;
using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

public sealed class OutgoingStreamTests
{
    private const FabricChannel Channel = FabricChannel.TaskInbound;
    private const int Room = 64 << 10;
    private readonly OutgoingStream _stream = new(Channel, 1 << 20);

    [Fact]
    public void Frames_go_in_order_and_each_once()
    {
        Append(_stream, 10, 20, 30);
        _stream.Grant(1 << 20);

        Assert.Equal([1UL, 2, 3], Sequences(Take(_stream)));
        Assert.False(_stream.TryTake(Room, out _));
    }

    [Fact]
    public void Nothing_goes_beyond_what_was_granted()
    {
        Append(_stream, 100, 100, 100);
        Assert.False(_stream.TryTake(Room, out _));
        _stream.Grant(2 * (FrameHeader.Bytes + 100));
        Assert.Equal([1UL, 2], Sequences(Take(_stream)));
        Assert.False(_stream.TryTake(Room, out _));
        _stream.Grant(0);      // an older word
        Assert.False(_stream.TryTake(Room, out _));
        _stream.Grant(1 << 20);

        Assert.Equal([3UL], Sequences(Take(_stream)));
    }

    [Fact]
    public void What_was_not_acknowledged_goes_again_over_the_next_link()
    {
        Append(_stream, 10, 10, 10, 10);
        _stream.Grant(1 << 20);
        Take(_stream);
        _stream.SendEnded();
        Assert.True(_stream.Resume(2, 1 << 20));

        Assert.Equal([3UL, 4], Sequences(Take(_stream)));
        Assert.Equal(2, _stream.Replayed);
    }

    [Fact]
    public void A_place_that_is_none_is_refused()
    {
        Append(_stream, 10, 10);
        _stream.Grant(1 << 20);
        Take(_stream);
        Assert.True(_stream.Acknowledge(1));

        Assert.False(_stream.Resume(3, 1 << 20));      // never sent
        Assert.False(_stream.Resume(0, 1 << 20));      // long gone
        Assert.False(_stream.Acknowledge(3));
    }

    [Fact]
    public void What_was_acknowledged_makes_room()
    {
        var stream = new OutgoingStream(Channel, 10_000);
        stream.Grant(1 << 30);
        for (ulong sequence = 1; sequence <= 1_000; sequence++)
        {
            Assert.True(stream.HasRoom(9_000));
            Append(stream, 9_000 - FrameHeader.Bytes);
            Assert.False(stream.HasRoom(9_000));
            Take(stream);
            stream.SendEnded();
            Assert.True(stream.Acknowledge(sequence));
            Assert.True(stream.IsEmpty);
        }
    }

    [Fact]
    public void A_message_longer_than_everything_goes_alone()
    {
        var stream = new OutgoingStream(Channel, 1_000);
        Assert.True(stream.HasRoom(1 << 20));
        Append(stream, 1);

        Assert.False(stream.HasRoom(1 << 20));
    }

    [Fact]
    public void What_a_transport_still_reads_is_not_given_back()
    {
        Append(_stream, 60_000, 60_000);
        _stream.Grant(1 << 20);
        Assert.True(_stream.TryTake(Room, out var inFlight));
        var before = inFlight.ToArray();
        Assert.True(_stream.Acknowledge(1));      // it came before the send has ended
        var other = ArrayPool<byte>.Shared.Rent(Room);
        other.AsSpan().Fill(0xEE);

        Assert.Equal(before, inFlight.ToArray());
        ArrayPool<byte>.Shared.Return(other);
        _stream.SendEnded();
        Assert.Equal([2UL], Sequences(Take(_stream)));
    }

    [Fact]
    public void What_is_handed_back_is_whole_and_what_has_arrived_is_not_in_it()
    {
        Append(_stream, 10);
        AppendParts(_stream, 3);
        Append(_stream, 20);
        _stream.Grant(1 << 20);
        Take(_stream);
        _stream.SendEnded();
        Assert.True(_stream.Acknowledge(1));

        Assert.Equal([30, 20], HandedBack(_stream));
        Assert.True(_stream.IsEmpty);
        Append(_stream, 5);
        Assert.Equal([5], HandedBack(_stream));
    }

    /// <summary>Against a plain list: appends, sends, acknowledgements and new links in any order.</summary>
    [Property(MaxTest = 300)]
    public void Whatever_happens_each_frame_goes_in_order_until_it_is_acknowledged(int seed)
    {
        var random = new Random(seed);
        var stream = new OutgoingStream(Channel, 1 << 20);
        var lengths = new List<int>();
        var (acked, sent, mostSent) = (0, 0, 0);
        long granted = 0;
        for (var step = 0; step < 400; step++)
        {
            switch (random.Next(7))
            {
                case 0 or 1:
                    var length = random.Next(10) == 0 ? random.Next(FrameReader.MaxStreamedBytes) : random.Next(300);
                    if (!stream.HasRoom(length + FrameHeader.Bytes)) break;
                    Append(stream, length);
                    lengths.Add(length);
                    break;
                case 2 or 3:
                    if (!stream.TryTake(1 + random.Next(Room), out var frames)) break;
                    foreach (var sequence in Sequences(frames)) Assert.Equal((ulong)++sent, sequence);
                    mostSent = Math.Max(mostSent, sent);
                    Assert.True(Offset(sent) <= granted, "more went than was granted");
                    break;
                case 4:
                    if (sent == acked) break;
                    acked += 1 + random.Next(sent - acked);
                    Assert.True(stream.Acknowledge((ulong)acked));
                    break;
                case 5:
                    stream.SendEnded();
                    break;
                case 6:
                    stream.SendEnded();
                    acked = sent = random.Next(acked, mostSent + 1);
                    granted = Math.Max(granted, Offset(acked) + random.Next(200_000));
                    Assert.True(stream.Resume((ulong)acked, granted));
                    break;
            }
        }

        long Offset(int count) => lengths.Take(count).Sum(length => (long)length + FrameHeader.Bytes);
    }

    private static void Append(OutgoingStream stream, params int[] lengths)
    {
        foreach (var length in lengths) stream.Append(1, FrameKind.Directed, FrameFlags.None, 0, length).Fill((byte)length);
    }

    private static void AppendParts(OutgoingStream stream, int parts)
    {
        for (var part = 1; part <= parts; part++) stream.Append(1, FrameKind.Directed, part < parts ? FrameFlags.Continues : FrameFlags.None, 0, 10);
    }

    private static ReadOnlyMemory<byte> Take(OutgoingStream stream)
    {
        Assert.True(stream.TryTake(Room, out var frames));
        return frames;
    }

    private static List<ulong> Sequences(ReadOnlyMemory<byte> frames)
    {
        var sequences = new List<ulong>();
        var reader = new FrameReader(new ReadOnlySequence<byte>(frames));
        while (reader.TryRead(out var header, out var payload))
        {
            sequences.Add(header.Sequence);
            Assert.All(payload.ToArray(), value => Assert.Equal((byte)payload.Length, value));
        }

        return sequences;
    }

    private static List<int> HandedBack(OutgoingStream stream)
    {
        var lengths = new List<int>();
        stream.HandBack((_, content) => lengths.Add((int)content.Length));
        return lengths;
    }
}
