namespace Rqml.Queues;

/// <summary>A heap of slots whose root is always live; what is dropped elsewhere dies in place and is swept out later.</summary>
/// <remarks>
/// To take an entry out of the middle a heap must know where each slot stands, and write that down at every move: a cache miss per level. Instead a
/// dropped entry stays until it comes up or until the dead outnumber the living, when one pass removes them all: O(log n) to push and pop, O(1) amortised
/// to drop, at most half of the entries dead. Four children a node: half the levels of a binary heap, and their keys are neighbours in memory.
/// </remarks>
internal sealed class LazyHeap<TKey>(SlotTable slots) where TKey : struct, IHeapKey<TKey>
{
    private const int Arity = 4;
    private const int FewestDeadToSweep = 32;
    private const int LargestToKeepEmpty = 1024;

    private Entry[] _entries = [];
    private int _length;
    private int _dead;                                          // Invariant: _entries[0] is live, so the heap is empty exactly when _length is 0

    /// <summary>Live entries.</summary>
    public int Count => _length - _dead;

    /// <summary>Dropped entries that were not swept out yet: never more than the live ones and a few.</summary>
    public int DeadCount => _dead;

    public bool IsEmpty => _length == 0;

    public ref readonly TKey RootKey => ref _entries[0].Key;

    public int RootSlot => _entries[0].Slot;

    /// <summary>Adds a slot of which this heap has no live entry.</summary>
    public void Push(in TKey key, int slot)
    {
        if (_length == _entries.Length) Array.Resize(ref _entries, Math.Max(Arity, _length * 2));
        MoveUp(_length++, new Entry(key, slot, slots[slot].Stamp));
    }

    /// <summary>Takes the root out of a heap that is not empty.</summary>
    public int Pop()
    {
        var slot = _entries[0].Slot;
        RemoveRoot();
        while (_dead > 0 && !IsLive(_entries[0]))
        {
            _dead--;
            RemoveRoot();
        }

        if (_length == 0 && _entries.Length > LargestToKeepEmpty) _entries = [];
        if (_length > 0) slots.Prefetch(RootSlot);
        return slot;
    }

    /// <summary>Takes out a slot of which this heap has a live entry, wherever that stands.</summary>
    public void Drop(int slot)
    {
        slots[slot].Stamp++;
        if (RootSlot == slot)
        {
            Pop();
            return;
        }

        _dead++;
        if (_dead > FewestDeadToSweep && _dead > Count) Sweep();
    }

    private bool IsLive(in Entry entry) => slots[entry.Slot].Stamp == entry.Stamp;

    private void Sweep()
    {
        var live = 0;
        for (var i = 0; i < _length; i++)
        {
            if (IsLive(_entries[i])) _entries[live++] = _entries[i];
        }

        _length = live;
        _dead = 0;
        for (var i = (_length - 2) / Arity; i >= 0; i--) MoveDown(i, _entries[i]);
    }

    private void RemoveRoot()
    {
        _length--;
        if (_length > 0) MoveDown(0, _entries[_length]);
    }

    private void MoveUp(int at, in Entry entry)
    {
        var entries = _entries;
        while (at > 0)
        {
            var parent = (at - 1) / Arity;
            if (!TKey.Before(entry.Key, entries[parent].Key)) break;
            entries[at] = entries[parent];
            at = parent;
        }

        entries[at] = entry;
    }

    private void MoveDown(int at, Entry entry)
    {
        var entries = _entries.AsSpan(0, _length);
        for (var child = (at * Arity) + 1; child < entries.Length; child = (at * Arity) + 1)
        {
            var first = child;
            var end = Math.Min(child + Arity, entries.Length);
            while (++child < end)
            {
                if (TKey.Before(entries[child].Key, entries[first].Key)) first = child;
            }

            if (!TKey.Before(entries[first].Key, entry.Key)) break;
            entries[at] = entries[first];
            at = first;
        }

        entries[at] = entry;
    }

    private struct Entry(in TKey key, int slot, uint stamp)
    {
        public TKey Key = key;
        public int Slot = slot;
        public uint Stamp = stamp;
    }
}
