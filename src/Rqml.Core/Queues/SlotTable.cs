using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Rqml.Queues;

/// <summary>All waiting tasks of a queue, in pages that never move once they are whole: no copy, and no half-empty array, when there are many.</summary>
internal sealed class SlotTable
{
    public const int None = -1;

    // 2,048 slots are 144 KiB: the large-object heap takes a page where it is, while pages of half the size were copied twice by young collections.
    private const int PageBits = 11;
    private const int PageSize = 1 << PageBits;
    private const int FirstSlots = 16;                          // of the first page, which grows: most queues of most nodes never hold more
    private const int CacheLine = 64;

    private readonly TaskIndex _index;
    private WaitingSlot[][] _pages = [];
    private int _firstFree = None;
    private int _used;                                          // slots that were handed out at least once

    public SlotTable() => _index = new(this);

    /// <summary>Tasks in the table.</summary>
    public int Count { get; private set; }

    public ref WaitingSlot this[int slot] => ref _pages[slot >> PageBits][slot & (PageSize - 1)];

    /// <summary>Has a slot brought into the cache before its turn comes. Decides nothing, so machines without the instruction do without.</summary>
    public unsafe void Prefetch(int slot)
    {
        if (!Sse.IsSupported) return;
        var address = (byte*)Unsafe.AsPointer(ref this[slot]);  // not pinned: a hint for a place that moved meanwhile is harmless
        Sse.Prefetch0(address);
        Sse.Prefetch0(address + CacheLine);
    }

    /// <summary>The slot of a task, or <see cref="None"/>.</summary>
    public int Find(TaskId task) => _index.Find(task);

    /// <summary>A slot for a task that is not in the table; false when it is.</summary>
    public bool TryAdd(TaskId task, out int slot)
    {
        slot = _firstFree != None ? _firstFree : _used;
        if (!_index.TryAdd(task, slot)) return false;
        TakeFree(slot);
        this[slot].Task = task;
        Count++;
        return true;
    }

    /// <summary>Frees the slot. No heap may hold a live entry of it.</summary>
    public void Remove(int slot)
    {
        ref var removed = ref this[slot];
        _index.Remove(removed.Task, slot);
        removed = new() { Stamp = removed.Stamp, NextFree = _firstFree };
        _firstFree = slot;
        Count--;
        if (Count == 0 && _used > PageSize) Forget();
    }

    private void TakeFree(int slot)
    {
        if (slot != _used)
        {
            _firstFree = this[slot].NextFree;
            return;
        }

        _used++;
        var page = slot >> PageBits;
        if (page == _pages.Length) Array.Resize(ref _pages, Math.Max(1, page * 2));
        if (page == 0) GrowFirst(slot);
        else _pages[page] ??= new WaitingSlot[PageSize];
    }

    private void GrowFirst(int slot)
    {
        ref var first = ref _pages[0];
        if (first is null) first = new WaitingSlot[FirstSlots];
        else if (slot == first.Length) Array.Resize(ref first, first.Length * 2);
    }

    // After a flood the memory goes back. Safe only here: without a task no heap has an entry, so no stamp is compared any more.
    private void Forget()
    {
        _pages = [];
        _index.Clear();
        _firstFree = None;
        _used = 0;
    }
}
