namespace Rqml.Queues;

/// <summary>All waiting tasks of a queue, in pages that never move, found by id.</summary>
/// <remarks>
/// The slots are their own hash chains: beside a slot a task costs 4 to 8 bytes, where a <see cref="Dictionary{TKey,TValue}"/> would take 36 to 72 and
/// one more cache miss. Pages avoid the copy, and the half-empty array, of a list that doubles.
/// </remarks>
internal sealed class SlotTable
{
    public const int None = -1;

    private const int PageBits = 10;
    private const int PageSize = 1 << PageBits;
    private const int FewestBuckets = 16;

    private readonly List<WaitingSlot[]> _pages = [];
    private int[] _buckets = NewBuckets(FewestBuckets);
    private int _firstFree = None;
    private int _used;                                          // slots that were handed out at least once; the rest of the last page is untouched

    /// <summary>Tasks in the table.</summary>
    public int Count { get; private set; }

    public ref WaitingSlot this[int slot] => ref _pages[slot >> PageBits][slot & (PageSize - 1)];

    /// <summary>The slot of a task, or <see cref="None"/>.</summary>
    public int Find(TaskId task)
    {
        var slot = _buckets[BucketOf(task)];
        while (slot != None)
        {
            ref var candidate = ref this[slot];
            if (candidate.Task == task) return slot;
            slot = candidate.Next;
        }

        return None;
    }

    /// <summary>A slot for a task that is not in the table.</summary>
    public int Add(TaskId task)
    {
        if (Count == _buckets.Length) Rehash();
        var slot = TakeFree();
        ref var bucket = ref _buckets[BucketOf(task)];
        ref var added = ref this[slot];
        added.Task = task;
        added.Next = bucket;
        bucket = slot;
        Count++;
        return slot;
    }

    /// <summary>Frees the slot. No heap may hold a live entry of it.</summary>
    public void Remove(int slot)
    {
        ref var removed = ref this[slot];
        ref var link = ref _buckets[BucketOf(removed.Task)];
        while (link != slot) link = ref this[link].Next;
        link = removed.Next;

        removed = new() { Stamp = removed.Stamp, Next = _firstFree };
        _firstFree = slot;
        Count--;
        if (Count == 0 && _pages.Count > 1) Forget();
    }

    private int TakeFree()
    {
        if (_firstFree != None)
        {
            var slot = _firstFree;
            _firstFree = this[slot].Next;
            return slot;
        }

        if (_used == _pages.Count << PageBits) _pages.Add(new WaitingSlot[PageSize]);
        return _used++;
    }

    // After a flood the memory goes back. Safe only here: without a task no heap has an entry, so no stamp is compared any more.
    private void Forget()
    {
        _pages.Clear();
        _buckets = NewBuckets(FewestBuckets);
        _firstFree = None;
        _used = 0;
    }

    private void Rehash()
    {
        var old = _buckets;
        _buckets = NewBuckets(old.Length * 2);
        foreach (var first in old)
        {
            for (int slot = first, next; slot != None; slot = next)
            {
                ref var moved = ref this[slot];
                next = moved.Next;
                ref var bucket = ref _buckets[BucketOf(moved.Task)];
                moved.Next = bucket;
                bucket = slot;
            }
        }
    }

    private int BucketOf(TaskId task) => task.GetHashCode() & (_buckets.Length - 1);

    private static int[] NewBuckets(int length)
    {
        var buckets = new int[length];
        Array.Fill(buckets, None);
        return buckets;
    }
}
