using System.Buffers;

namespace Rqml.Messaging.Links;

public sealed class BlockBuilderTests
{
    [Fact]
    public void What_is_written_and_what_lies_elsewhere_come_in_order_also_when_the_buffer_grows()
    {
        var block = new BlockBuilder();
        for (var round = 0; round < 3; round++)
        {
            var expected = new List<byte>();
            block.Clear();
            for (byte i = 0; i < 50; i++)
            {
                block.Write(100).Fill(i);
                expected.AddRange(Enumerable.Repeat(i, 100));
                if (i % 7 != 0) continue;
                byte[] elsewhere = [i, i, i];
                block.Add(elsewhere);
                expected.AddRange(elsewhere);
            }

            Assert.Equal(expected, block.Build().ToArray());
            Assert.Equal(expected.Count, block.Bytes);
        }
    }

    [Fact]
    public void An_empty_block_is_empty() => Assert.True(new BlockBuilder().IsEmpty);
}
