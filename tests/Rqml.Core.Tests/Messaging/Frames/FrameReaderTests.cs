using System.Buffers;
using FsCheck.Xunit;
using Rqml.Messaging.Links;

namespace Rqml.Messaging.Frames;

public sealed class FrameReaderTests
{
    [Property(MaxTest = 200)]
    public void Frames_come_back_however_their_block_is_cut(int seed)
    {
        var random = new Random(seed);
        var frames = Enumerable.Range(1, 1 + random.Next(20)).Select(number => Frame(random, (ulong)number)).ToList();
        byte[] block = [.. frames.SelectMany(frame => frame.Bytes)];
        var reader = new FrameReader(Pieces.Of(block, 1 + random.Next(60)));
        foreach (var (header, bytes) in frames)
        {
            Assert.True(reader.TryRead(out var read, out var payload));
            Assert.Equal(header, read);
            Assert.Equal(bytes[FrameHeader.Bytes..], payload.ToArray());
        }

        Assert.False(reader.TryRead(out _, out _));
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        var frame = Frame(new Random(1), 1).Bytes;
        for (var length = 1; length < frame.Length; length++) Assert.Equal(LinkFault.Malformed, FaultOf(frame[..length]));
    }

    [Fact]
    public void A_length_over_the_bound_is_refused_before_anything_is_made_of_it()
    {
        var frame = new byte[FrameHeader.Bytes];
        foreach (var length in (int[])[-1, int.MinValue, FrameReader.MaxStreamedBytes + 1, int.MaxValue])
        {
            new FrameHeader(length, 1, FabricChannel.TaskInbound, FrameKind.Directed, FrameFlags.None, 1, 0).Write(frame);
            Assert.Equal(LinkFault.TooLong, FaultOf(frame));
        }
    }

    private static LinkFault FaultOf(byte[] block) => Assert.Throws<LinkViolationException>(() =>
    {
        var reader = new FrameReader(new ReadOnlySequence<byte>(block));
        while (reader.TryRead(out _, out _)) { }
    }).Fault;

    private static (FrameHeader Header, byte[] Bytes) Frame(Random random, ulong number)
    {
        var header = new FrameHeader(random.Next(500), 2, FabricChannel.Alerts, FrameKind.Published, FrameFlags.Continues, number, (ulong)random.NextInt64());
        var bytes = new byte[header.FrameBytes];
        random.NextBytes(bytes);
        header.Write(bytes);
        return (header, bytes);
    }
}
