using System.Runtime.CompilerServices;

namespace Rqml.Queues;

/// <summary>Finds the slot of a task: a hash table with linear probing whose entries carry the hash, so that a wrong slot is hardly ever read.</summary>
/// <remarks>
/// 8 bytes an entry, at most half full: 16 to 32 bytes a task, where a <see cref="Dictionary{TKey,TValue}"/> takes 36 to 72. An entry is removed
/// by moving later ones back (Knuth, TAOCP 3, 6.4, algorithm R), so nothing but the living is ever probed.
/// </remarks>
internal sealed class TaskIndex(SlotTable slots)
{
    private const int FewestEntries = 16;
    private const int Empty = 0;
    private const int NeighbourMask = 7;                        // 8 entries of 8 bytes: a cache line

    private Entry[] _entries = new Entry[FewestEntries];
    private int _count;

    /// <summary>The slot of a task, or <see cref="SlotTable.None"/>.</summary>
    public int Find(TaskId task)
    {
        var hash = HashOf(task);
        var entries = _entries;
        for (var at = hash & (entries.Length - 1); ; at = (at + 1) & (entries.Length - 1))
        {
            ref var entry = ref entries[at];
            if (entry.SlotPlusOne == Empty) return SlotTable.None;
            if (entry.Hash == hash && slots[entry.SlotPlusOne - 1].Task == task) return entry.SlotPlusOne - 1;
        }
    }

    /// <summary>Adds a task; false when it is there already.</summary>
    public bool TryAdd(TaskId task, int slot)
    {
        if (_count >= _entries.Length / 2) Grow();
        var hash = HashOf(task);
        var entries = _entries;
        var at = hash & (entries.Length - 1);
        for (; entries[at].SlotPlusOne != Empty; at = (at + 1) & (entries.Length - 1))
        {
            if (entries[at].Hash == hash && slots[entries[at].SlotPlusOne - 1].Task == task) return false;
        }

        entries[at] = new Entry { Hash = hash, SlotPlusOne = slot + 1 };
        _count++;
        return true;
    }

    public void Remove(TaskId task, int slot)
    {
        var entries = _entries;
        var mask = entries.Length - 1;
        var hole = HashOf(task) & mask;
        while (entries[hole].SlotPlusOne != slot + 1) hole = (hole + 1) & mask;

        for (var at = (hole + 1) & mask; entries[at].SlotPlusOne != Empty; at = (at + 1) & mask)
        {
            // An entry may move back into the hole unless its home lies between the two.
            var home = entries[at].Hash & mask;
            if (((at - home) & mask) < ((at - hole) & mask)) continue;
            entries[hole] = entries[at];
            hole = at;
        }

        entries[hole] = default;
        _count--;
    }

    public void Clear()
    {
        _entries = new Entry[FewestEntries];
        _count = 0;
    }

    private void Grow()
    {
        var old = _entries;
        _entries = new Entry[old.Length * 2];
        foreach (ref readonly var entry in old.AsSpan())
        {
            if (entry.SlotPlusOne != Empty) Put(entry);
        }
    }

    private void Put(Entry entry)
    {
        var entries = _entries;
        var at = entry.Hash & (entries.Length - 1);
        while (entries[at].SlotPlusOne != Empty) at = (at + 1) & (entries.Length - 1);
        entries[at] = entry;
    }

    // Ids that a ledger makes one after another differ in the lowest bits of their sequence, the upper half of the second word (TaskId). Eight of them
    // share a home of one cache line: what comes in order and goes in order finds its entry in the cache. The homes are scattered, lest they form runs.
    private static int HashOf(TaskId task)
    {
        var (high, low) = Unsafe.BitCast<TaskId, (ulong High, ulong Low)>(task);
        var neighbour = (int)(low >> 32) & NeighbourMask;
        var home = (high * 0x9E37_79B9_7F4A_7C15) ^ ((low & ~((ulong)NeighbourMask << 32)) * 0xD6E8_FEB8_6659_FD93);
        return ((int)(home >> 32) & ~NeighbourMask) | neighbour;
    }

    private struct Entry
    {
        public int Hash;
        public int SlotPlusOne;
    }
}
