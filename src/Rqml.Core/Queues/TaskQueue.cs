using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Rqml.Queues;

/// <summary>
/// Tasks that wait for their turn: fair between classes, by aged priority and difficulty within one, in the order of ids and one at a time within a
/// partition key; what is delayed or parked blocks nobody. The scheduler's deep queue and a node's inbound window are both this.
/// </summary>
/// <remarks>
/// Pure: its owner passes the time, in milliseconds of a clock that never steps back; not thread-safe. A task stands in one of three places: behind
/// another of its key, in the time heap, or in the lane of its class and requirement. It passes them in this order, so a delayed or parked task that is the
/// first of its key holds up its key, and nothing else.
/// </remarks>
[DebuggerDisplay("{Count} waiting, {CountParked} parked, {CountDelayed} delayed, {CountHeldByKey} held by key")]
internal sealed class TaskQueue<T> where T : class
{
    private readonly SlotTable _slots = new();
    private readonly ClassTable _classes;
    private readonly Rotation _rotation = new();
    private readonly DelayedTasks _delayed;
    private readonly KeyTable _keys;
    private readonly ArrivalTimes _arrivals = new();
    private readonly long _ageEveryMs;
    private long _nowMs = long.MinValue;

    public TaskQueue(int capacity, long ageEveryMs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ageEveryMs);
        Capacity = capacity;
        _ageEveryMs = ageEveryMs;
        _classes = new(_slots);
        _delayed = new(_slots);
        _keys = new(_slots);
    }

    public int Capacity { get; }

    public int Count => _slots.Count;

    public int CountParked { get; private set; }

    public int CountDelayed => _delayed.Count;

    public int CountHeldByKey => _keys.HeldCount;

    /// <summary>When the next delayed task gets its turn; null when none is delayed.</summary>
    public long? NextDueMs => _delayed.NextDueMs;

    public int CountOf(string taskClass) => _classes.Find(taskClass)?.Count ?? 0;

    public bool Contains(TaskId task) => _slots.Find(task) != SlotTable.None;

    /// <summary>Sets how many tasks a class may send in one turn, from its next turn on. Default 1.</summary>
    public void SetWeight(string taskClass, int weight)
    {
        ArgumentException.ThrowIfNullOrEmpty(taskClass);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(weight);
        _classes.Class(taskClass).Weight = weight;
    }

    // Hot, and TryDequeue with it: must not allocate once grown.
    /// <summary>Takes a new task. False, and nothing changed, when the queue is full.</summary>
    /// <exception cref="ArgumentException">The task waits here already, or the ticket is not valid.</exception>
    public bool TryEnqueue(T item, in QueueTicket ticket)
    {
        if (Count >= Capacity) return false;
        Requeue(item, ticket);
        return true;
    }

    /// <summary>
    /// Takes back a task that was taken before, for instance after its assignment failed: also when the queue is full, as it must not get lost. It keeps its
    /// partition key.
    /// </summary>
    /// <exception cref="ArgumentException">The task waits here already, or the ticket is not valid.</exception>
    public void Requeue(T item, in QueueTicket ticket)
    {
        ArgumentNullException.ThrowIfNull(item);
        ticket.Validate();
        var lane = _classes.Lane(ticket.Class, ticket.Needs);
        if (!_slots.TryAdd(ticket.Task, out var index)) throw new ArgumentException($"Task {ticket.Task} waits in this queue already.", nameof(ticket));

        _nowMs = Math.Max(_nowMs, ticket.EnqueuedMs);
        ref var slot = ref _slots[index];
        slot.Item = item;
        slot.Lane = lane;
        slot.SinceMs = Math.Max(ticket.EnqueuedMs, ticket.NotBeforeMs);
        slot.Rank = AgedRank.Of(ticket.Priority, ticket.Difficulty, slot.SinceMs, _ageEveryMs);
        slot.PartitionKey = ticket.PartitionKey;
        lane.Class.Count++;
        _arrivals.Add(slot.SinceMs);

        if (ticket.PartitionKey is null) Admit(index);
        else AdmitByKey(index);
    }

    /// <summary>Takes out the task whose turn it is. Its partition key stays with it until <see cref="Release"/>.</summary>
    public bool TryDequeue(long nowMs, [MaybeNullWhen(false)] out T item)
    {
        Advance(nowMs);
        if (_rotation.Current is not { } taskClass)
        {
            item = null;
            return false;
        }

        var lane = taskClass.Open.Best;
        var index = lane.FirstSlot;
        ref var slot = ref _slots[index];
        item = Unsafe.As<T>(slot.Item)!;                        // read before the heap moves, so that their cache misses overlap; only a T is ever put in
        if (slot.PartitionKey is not null) _keys.TakeOut(index);
        lane.Pop();
        if (lane.IsEmpty) taskClass.Open.Close(lane);
        else taskClass.Open.Reorder(lane);
        if (taskClass.Open.IsEmpty) _rotation.Leave(taskClass);
        else _rotation.Charge();

        Forget(index);
        return true;
    }

    /// <summary>
    /// The highest aged priority that has a turn: what a running task is compared with to see whether it should yield. O(classes that have a turn).
    /// </summary>
    public bool TryPeekPriority(long nowMs, out int priority)
    {
        Advance(nowMs);
        priority = 0;
        if (_rotation.Current is not { } first) return false;
        var best = first.Open.Best.BestRank;
        for (var other = first.Next!; other != first; other = other.Next!)
        {
            if (other.Open.Best.BestRank < best) best = other.Open.Best.BestRank;
        }

        priority = best.PriorityAt(_nowMs, _ageEveryMs);
        return true;
    }

    /// <summary>
    /// Takes out a task that was settled or cancelled while it waited, and gives its partition key to the next. False when it does not wait here.
    /// </summary>
    public bool Remove(TaskId task)
    {
        var index = _slots.Find(task);
        if (index == SlotTable.None) return false;

        if (_slots[index].Place == WaitingPlace.Key)
        {
            _keys.DropBehind(index);
        }
        else
        {
            // The next one comes before this one goes: a class that always has a task keeps its turn.
            if (_slots[index].PartitionKey is not null && _keys.Leave(index) is var next and not SlotTable.None) Admit(next);
            Withdraw(index);
        }

        Forget(index);
        return true;
    }

    /// <summary>
    /// A task that was out with its partition key has settled: the next one of the key gets its turn. False when this task is not out with the key.
    /// </summary>
    public bool Release(string partitionKey, TaskId task)
    {
        if (!_keys.TryRelease(partitionKey, task, out var next)) return false;
        if (next != SlotTable.None) Admit(next);
        return true;
    }

    /// <summary>
    /// Notes that a task is out with its partition key although it was not dequeued here: a new leader learns this from the nodes. False when it waits here, or
    /// another has the key.
    /// </summary>
    public bool Hold(string partitionKey, TaskId task)
    {
        if (Contains(task) || !_keys.TryHold(partitionKey, task, out var displaced)) return false;
        if (displaced != SlotTable.None) StepBehind(displaced);
        return true;
    }

    /// <summary>Who has which partition key, for explorations that tell states apart.</summary>
    public string DescribeKeys() => _keys.Describe();

    /// <summary>Sets aside every task that needs this, now and from now on. O(classes), however many tasks wait.</summary>
    public void Park(string requirement)
    {
        var parked = _classes.Requirement(requirement);
        if (parked.IsParked) return;
        parked.IsParked = true;
        foreach (var lane in parked.Lanes)
        {
            CountParked += lane.Count;
            if (!lane.IsEmpty) Close(lane);
        }
    }

    /// <summary>Brings back, in order, every task that needs this.</summary>
    public void Unpark(string requirement)
    {
        var found = _classes.Requirement(requirement);
        if (!found.IsParked) return;
        found.IsParked = false;
        foreach (var lane in found.Lanes)
        {
            CountParked -= lane.Count;
            if (!lane.IsEmpty) Open(lane);
        }
    }

    /// <summary>Gives a turn to every delayed task whose time has come, so that <see cref="NextDueMs"/> lies ahead. Dequeuing and peeking do it too.</summary>
    public void Advance(long nowMs)
    {
        _nowMs = Math.Max(_nowMs, nowMs);
        while (_delayed.TryTakeDue(_nowMs, out var index)) Admit(index);
    }

    /// <summary>How long the oldest task has waited since it came, or since its delay ended; at most 128 ms too long. Zero when none waits.</summary>
    public long OldestWaitMs(long nowMs) => _arrivals.OldestMs is { } oldest ? Math.Max(0, nowMs - oldest) : 0;

    public QueueStatistics Statistics(long nowMs)
    {
        Advance(nowMs);
        return new()
        {
            Waiting = Count,
            Ready = Count - CountParked - CountDelayed - CountHeldByKey,
            Parked = CountParked,
            Delayed = CountDelayed,
            HeldByKey = CountHeldByKey,
            Capacity = Capacity,
            WaitingByClass = _classes.Classes.Where(c => c.Count > 0).ToDictionary(c => c.Name, c => c.Count),
            OldestWait = TimeSpan.FromMilliseconds(OldestWaitMs(nowMs)),
        };
    }

    private void AdmitByKey(int index)
    {
        if (!_keys.TryLead(index, out var displaced))
        {
            _slots[index].Place = WaitingPlace.Key;
            _keys.PutBehind(index);
            return;
        }

        Admit(index);
        if (displaced != SlotTable.None) StepBehind(displaced);
    }

    private void StepBehind(int index)
    {
        Withdraw(index);
        _slots[index].Place = WaitingPlace.Key;
        _keys.PutBehind(index);
    }

    // The key has let the task pass: its delay is next, then its lane.
    private void Admit(int index)
    {
        ref var slot = ref _slots[index];
        if (slot.SinceMs > _nowMs)
        {
            slot.Place = WaitingPlace.Delayed;
            _delayed.Add(index);
            return;
        }

        slot.Place = WaitingPlace.Lane;
        var lane = slot.Lane!;
        lane.Push(index);
        if (lane.IsParked) CountParked++;
        else if (lane.Position == Lane.NotOpen) Open(lane);
        else if (lane.FirstSlot == index) lane.Class.Open.Reorder(lane);
    }

    // The opposite of Admit.
    private void Withdraw(int index)
    {
        if (_slots[index].Place == WaitingPlace.Delayed)
        {
            _delayed.Drop(index);
            return;
        }

        var lane = _slots[index].Lane!;
        lane.Drop(index);
        if (lane.IsParked) CountParked--;
        else if (lane.IsEmpty) Close(lane);
        else lane.Class.Open.Reorder(lane);
    }

    private void Forget(int index)
    {
        ref var slot = ref _slots[index];
        slot.Lane!.Class.Count--;
        _arrivals.Remove(slot.SinceMs);
        _slots.Remove(index);
    }

    private void Open(Lane lane)
    {
        if (lane.Class.Open.IsEmpty) _rotation.Enter(lane.Class);
        lane.Class.Open.Open(lane);
    }

    private void Close(Lane lane)
    {
        lane.Class.Open.Close(lane);
        if (lane.Class.Open.IsEmpty) _rotation.Leave(lane.Class);
    }
}
