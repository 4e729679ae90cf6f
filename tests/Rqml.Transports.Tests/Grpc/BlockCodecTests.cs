using System.Buffers;
using Google.Protobuf;
using Rqml.Transports.Grpc.Links;
using Rqml.V1;

namespace Rqml.Transports.Tests.Grpc;

/// <summary>What the codec writes and reads is what a generated class does.</summary>
public sealed class BlockCodecTests
{
    public static TheoryData<int> Lengths => [0, 1, 127, 128, 16_383, 16_384, 70_000, LinkMethod.MaxBlockBytes];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void What_is_written_is_what_protobuf_writes(int length)
    {
        var data = Bytes(length);
        var written = new ArrayBufferWriter<byte>();
        BlockCodec.Write(new ReadOnlySequence<byte>(data), written);

        Assert.Equal(BlockCodec.Measure(length), written.WrittenCount);
        Assert.True(written.WrittenSpan.SequenceEqual(new Block { Data = ByteString.CopyFrom(data) }.ToByteArray()));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void What_protobuf_writes_is_read(int length)
    {
        var data = Bytes(length);

        Assert.True(data.AsSpan().SequenceEqual(Read(new Block { Data = ByteString.CopyFrom(data) }.ToByteArray())));
    }

    [Fact]
    public void Fields_of_a_later_version_are_skipped_and_the_last_data_counts() =>
        Assert.Equal([9, 8], Read([0x10, 0x96, 0x01, 0x0A, 0x01, 0x07, 0x1A, 0x02, 0x61, 0x62, 0x25, 1, 2, 3, 4, 0x29, 1, 2, 3, 4, 5, 6, 7, 8, 0x0A, 0x02, 0x09, 0x08]));

    [Theory]
    [InlineData(new byte[] { 0x0A })]                                                               // a tag without a length
    [InlineData(new byte[] { 0x0A, 0x05, 0x01 })]                                                   // a length over what is there
    [InlineData(new byte[] { 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 })]   // the longest length
    [InlineData(new byte[] { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 })]   // a varint without end
    [InlineData(new byte[] { 0x0B })]                                                               // a group
    [InlineData(new byte[] { 0x00 })]                                                               // field 0
    [InlineData(new byte[] { 0x25, 1, 2 })]                                                         // half a number
    public void What_is_no_message_is_refused(byte[] message) => Assert.Throws<InvalidDataException>(() => Read(message));

    private static byte[] Read(byte[] message) => BlockCodec.Read(new ReadOnlySequence<byte>(message)).ToArray();

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
