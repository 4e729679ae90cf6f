using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rqml.Diagnostics;

namespace Rqml.Queues;

/// <summary>Partition keys: which task of a key may go, which is out, and who waits behind. It says who is next; the queue moves the tasks.</summary>
/// <remarks>
/// A key has a front, the one task of it that the queue may send, or a holder that is out, and never both. The front is the task with the lowest id, unless
/// the holder came back: then it stays in front, so that an assignment that failed is made again before another task of the key begins.
/// A key that nobody waits for or holds is forgotten. A key with one task costs no more than its entry.
/// </remarks>
internal sealed class KeyTable(SlotTable slots)
{
    private readonly Dictionary<string, KeyLine> _lines = new(StringComparer.Ordinal);

    /// <summary>Tasks that wait behind another of their key.</summary>
    public int HeldCount { get; private set; }

    /// <summary>Makes a slot the front of its key. False when it has to wait behind; true with the front that it displaced, if there was one.</summary>
    public bool TryLead(int slot, out int displaced)
    {
        ref var entering = ref slots[slot];
        ref var line = ref CollectionsMarshal.GetValueRefOrAddDefault(_lines, entering.PartitionKey!, out var exists);
        displaced = SlotTable.None;
        if (!exists) line.Front = SlotTable.None;

        if (line.Hold == Hold.None)
        {
            if (line.Front != SlotTable.None && slots[line.Front].Task < entering.Task) return false;
            displaced = line.Front;
            line.Front = slot;
            return true;
        }

        if (line.Hold == Hold.BackInFront || line.Holder != entering.Task) return false;
        line.Hold = Hold.BackInFront;
        line.Front = slot;
        return true;
    }

    /// <summary>Puts a slot, which stands nowhere now, behind the front or the holder of its key.</summary>
    public void PutBehind(int slot)
    {
        ref var waiting = ref slots[slot];
        ref var line = ref LineOf(waiting.PartitionKey!);
        (line.Behind ??= new(slots)).Push(new IdKey(waiting.Task), slot);
        HeldCount++;
    }

    /// <summary>Takes out a slot that waits behind.</summary>
    public void DropBehind(int slot)
    {
        LineOf(slots[slot].PartitionKey!).Behind!.Drop(slot);
        HeldCount--;
    }

    /// <summary>The front goes out: it holds its key until that is released.</summary>
    public void TakeOut(int slot)
    {
        ref var leaving = ref slots[slot];
        ref var line = ref LineOf(leaving.PartitionKey!);
        Invariant.Holds(line.Front == slot && line.Hold != Hold.Out, "two tasks of one partition key went out");
        line.Front = SlotTable.None;
        line.Hold = Hold.Out;
        line.Holder = leaving.Task;
    }

    /// <summary>The front leaves the queue for good; its key is free. Returns the slot that is now the front, or none.</summary>
    public int Leave(int slot)
    {
        var key = slots[slot].PartitionKey!;
        ref var line = ref LineOf(key);
        Debug.Assert(line.Front == slot);
        return Advance(key, ref line);
    }

    /// <summary>The holder settled. False when this task is not out with the key; true with the slot that is now the front, if there is one.</summary>
    public bool TryRelease(string key, TaskId task, out int front)
    {
        front = SlotTable.None;
        ref var line = ref CollectionsMarshal.GetValueRefOrNullRef(_lines, key);
        if (Unsafe.IsNullRef(ref line) || line.Hold != Hold.Out || line.Holder != task) return false;
        front = Advance(key, ref line);
        return true;
    }

    /// <summary>
    /// Notes that a task which does not wait here is out with the key. False when another one has the key; true with the front that must step behind, if there
    /// was one.
    /// </summary>
    public bool TryHold(string key, TaskId task, out int displaced)
    {
        ref var line = ref CollectionsMarshal.GetValueRefOrAddDefault(_lines, key, out var exists);
        displaced = SlotTable.None;
        if (!exists) line.Front = SlotTable.None;
        if (line.Hold != Hold.None) return line.Hold == Hold.Out && line.Holder == task;
        displaced = line.Front;
        line.Front = SlotTable.None;
        line.Hold = Hold.Out;
        line.Holder = task;
        return true;
    }

    /// <summary>Who has which key, for explorations that tell states apart.</summary>
    public string Describe() => string.Join(';', _lines.OrderBy(line => line.Key, StringComparer.Ordinal).Select(line =>
        $"{line.Key} {line.Value.Hold} {line.Value.Holder} {(line.Value.Front == SlotTable.None ? "" : slots[line.Value.Front].Task)}"));

    private int Advance(string key, ref KeyLine line)
    {
        line.Hold = Hold.None;
        line.Holder = default;
        line.Front = SlotTable.None;
        if (line.Behind is not { IsEmpty: false } behind)
        {
            _lines.Remove(key);
            return SlotTable.None;
        }

        HeldCount--;
        return line.Front = behind.Pop();
    }

    private ref KeyLine LineOf(string key)
    {
        ref var line = ref CollectionsMarshal.GetValueRefOrNullRef(_lines, key);
        Invariant.Holds(!Unsafe.IsNullRef(ref line), "a waiting task's partition key is unknown");
        return ref line;
    }

    private enum Hold : byte
    {
        None,
        Out,
        BackInFront,
    }

    private struct KeyLine
    {
        public TaskId Holder;
        public LazyHeap<IdKey>? Behind;
        public int Front;
        public Hold Hold;
    }

    private readonly struct IdKey(TaskId task) : IHeapKey<IdKey>
    {
        private readonly TaskId _task = task;

        public static bool Before(in IdKey left, in IdKey right) => left._task < right._task;
    }
}
