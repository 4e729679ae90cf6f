using Rqml.Tasks;

namespace Rqml.Queues;

public sealed class LazyHeapTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_smallest_live_entry_comes_first_and_the_dead_stay_few(ulong seed)
    {
        var random = new SplitMix64(seed);
        var slots = new SlotTable();
        var heap = new LazyHeap<Key>(slots);
        var expected = new SortedSet<(int Key, int Slot)>();
        for (var step = 0; step < 30_000; step++)
        {
            switch (random.NextInt(step < 15_000 ? 5 : 8))
            {
                case < 3:
                    Assert.True(slots.TryAdd(TestTasks.Id(step), out var slot));
                    var key = random.NextInt(500);
                    heap.Push(new Key(key), slot);
                    expected.Add((key, slot));
                    break;
                case < 6 when expected.Count > 0:
                    var dropped = expected.GetViewBetween((random.NextInt(500), 0), (int.MaxValue, 0)).FirstOrDefault(expected.Min);
                    heap.Drop(dropped.Slot);
                    slots.Remove(dropped.Slot);
                    expected.Remove(dropped);
                    break;
                case >= 6 when expected.Count > 0:
                    var rootKey = heap.RootKey.Value;
                    var popped = heap.Pop();
                    Assert.True(expected.Remove((rootKey, popped)));
                    slots.Remove(popped);
                    break;
            }

            Assert.Equal(expected.Count, heap.Count);
            Assert.Equal(expected.Count == 0, heap.IsEmpty);
            if (expected.Count > 0) Assert.Equal(expected.Min.Key, heap.RootKey.Value);
            Assert.InRange(heap.DeadCount, 0, heap.Count + 32);
        }
    }

    private readonly record struct Key(int Value) : IHeapKey<Key>
    {
        public static bool Before(in Key left, in Key right) => left.Value < right.Value;
    }
}
