using Rqml.Hosting;

namespace Rqml.Core.Tests.Hosting;

public sealed class EventRingTests
{
    [Fact]
    public void What_came_first_goes_first_while_the_ring_turns_and_grows()
    {
        var ring = new EventRing<int>();
        var expected = new Queue<int>();
        for (var number = 0; number < 5_000; number++)
        {
            ring.Add(number);
            expected.Enqueue(number);
            if (number % 3 == 0) continue;      // two of three come and go: it grows while its first entry stands anywhere
            Assert.Equal(expected.Dequeue(), ring.First);
            ring.RemoveFirst();
        }

        Assert.Equal(expected.Count, ring.Count);
        for (; ring.Count > 0; ring.RemoveFirst()) Assert.Equal(expected.Dequeue(), ring.First);
    }
}
