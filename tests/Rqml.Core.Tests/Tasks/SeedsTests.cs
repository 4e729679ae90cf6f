using Rqml.Tasks;

namespace Rqml.Core.Tests.Tasks;

public sealed class SeedsTests
{
    [Fact]
    public void Each_bit_of_an_id_changes_the_seed()
    {
        var id = new TaskIdSource(new LedgerId(7), 1).Next(1_700_000_000_000).ToByteArray();
        var seeds = new HashSet<ulong> { Seeds.OfTask(0, TaskId.Read(id)) };
        for (var bit = 0; bit < 128; bit++)
        {
            id[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(seeds.Add(Seeds.OfTask(0, TaskId.Read(id))), $"bit {bit}");
            id[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Half_a_million_tasks_of_one_ledger_have_seeds_of_their_own()
    {
        // 32 bits would give some thirty twins.
        var ids = new TaskIdSource(new LedgerId(7), 1);
        var seeds = Enumerable.Range(0, 500_000).Select(ms => Seeds.OfTask(0, ids.Next(1_700_000_000_000 + (ms / 50)))).ToHashSet();
        Assert.Equal(500_000, seeds.Count);
    }
}
