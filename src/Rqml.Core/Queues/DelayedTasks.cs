namespace Rqml.Queues;

/// <summary>The time heap: tasks whose time has not come, the next one first.</summary>
internal sealed class DelayedTasks(SlotTable slots)
{
    private readonly LazyHeap<DueKey> _heap = new(slots);

    public int Count => _heap.Count;

    /// <summary>When the next task is due; null when none is delayed.</summary>
    public long? NextDueMs => _heap.IsEmpty ? null : _heap.RootKey.DueMs;

    public void Add(int slot) => _heap.Push(new DueKey(slots[slot].SinceMs), slot);

    public void Drop(int slot) => _heap.Drop(slot);

    /// <summary>Takes out one task that is due.</summary>
    public bool TryTakeDue(long nowMs, out int slot)
    {
        slot = SlotTable.None;
        if (_heap.IsEmpty || _heap.RootKey.DueMs > nowMs) return false;
        slot = _heap.Pop();
        return true;
    }

    private readonly struct DueKey(long dueMs) : IHeapKey<DueKey>
    {
        public readonly long DueMs = dueMs;

        public static bool Before(in DueKey left, in DueKey right) => left.DueMs < right.DueMs;
    }
}
