using Rqml.Tasks;

namespace Rqml.Queues;

public sealed class SlotTableTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_task_is_found_until_it_is_removed_through_growth_and_reuse(ulong seed)
    {
        var random = new SplitMix64(seed);
        var table = new SlotTable();
        var expected = new Dictionary<TaskId, int>();
        for (var step = 0; step < 60_000; step++)
        {
            // Grows to thousands, then shrinks to nothing, and again.
            var task = TestTasks.Id(random.NextInt(8_000));
            var adds = random.NextInt(10) < (step / 10_000 % 2 == 0 ? 8 : 2);
            if (adds && table.TryAdd(task, out var slot))
            {
                Assert.True(expected.TryAdd(task, slot));
            }
            else if (!adds && expected.Remove(task, out var known))
            {
                Assert.Equal(known, table.Find(task));
                table.Remove(known);
            }

            Assert.Equal(expected.GetValueOrDefault(task, SlotTable.None), table.Find(task));
            Assert.Equal(expected.Count, table.Count);
        }

        Assert.All(expected, pair => Assert.Equal(pair.Value, table.Find(pair.Key)));
        Assert.Equal(expected.Count, expected.Values.Distinct().Count());
        foreach (var slot in expected.Values) table.Remove(slot);
        Assert.Equal(0, table.Count);
        Assert.True(table.TryAdd(TestTasks.Id(1), out _));
    }
}
