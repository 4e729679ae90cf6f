namespace Rqml.Queues;

/// <summary>What a task queue promises, written as scans of a list.</summary>
internal sealed class NaiveQueue(long ageEveryMs)
{
    private readonly List<QueueTicket> _waiting = [];
    private readonly Dictionary<string, TaskId> _holders = [];

    public HashSet<string> Parked { get; } = [];

    public long NowMs { get; set; } = 1_000_000;

    public int Count => _waiting.Count;

    public bool Contains(TaskId task) => _waiting.Exists(t => t.Task == task);

    public void Enqueue(QueueTicket ticket) => _waiting.Add(ticket);

    /// <summary>Takes out what the queue chose, and fails if it may not be chosen.</summary>
    public QueueTicket Dequeue(TaskId task)
    {
        var chosen = _waiting.Single(t => t.Task == task);
        var best = Ready().Where(t => t.Class == chosen.Class).OrderByDescending(AgedPriority).ThenBy(t => t.Difficulty).ThenBy(t => t.Task).First();
        Assert.Equal(best, chosen);
        if (chosen.PartitionKey is { } key)
        {
            Assert.True(!_holders.TryGetValue(key, out var holder) || holder == task, "two tasks of one key are out");
            _holders[key] = task;
        }

        _waiting.Remove(chosen);
        return chosen;
    }

    public bool Remove(TaskId task)
    {
        if (_waiting.RemoveAll(t => t.Task == task) == 0) return false;
        foreach (var (key, holder) in _holders)
        {
            if (holder == task) _holders.Remove(key);
        }

        return true;
    }

    public bool Release(string key, TaskId task) => !Contains(task) && _holders.TryGetValue(key, out var holder) && holder == task && _holders.Remove(key);

    public bool Hold(string key, TaskId task) => !Contains(task) && (_holders.TryAdd(key, task) || _holders[key] == task);

    public int CountOf(string taskClass) => _waiting.Count(t => t.Class == taskClass);

    public int CountAt(WaitingPlace place) => _waiting.Count(t => PlaceOf(t) == place);

    public int CountParked() => _waiting.Count(t => PlaceOf(t) == WaitingPlace.Lane && IsParked(t));

    public long? NextDueMs() => _waiting.Where(t => PlaceOf(t) == WaitingPlace.Delayed).Min(t => (long?)Since(t));

    public long OldestWaitMs() => _waiting.Count == 0 ? 0 : Math.Max(0, NowMs - _waiting.Min(Since));

    public int? BestPriority() => (int?)Ready().Max(t => (long?)AgedPriority(t));

    public HashSet<string> ReadyClasses() => [.. Ready().Select(t => t.Class)];

    private IEnumerable<QueueTicket> Ready() => _waiting.Where(t => PlaceOf(t) == WaitingPlace.Lane && !IsParked(t));

    private WaitingPlace PlaceOf(QueueTicket ticket)
    {
        if (!IsFront(ticket)) return WaitingPlace.Key;
        return Since(ticket) > NowMs ? WaitingPlace.Delayed : WaitingPlace.Lane;
    }

    private bool IsFront(QueueTicket ticket)
    {
        if (ticket.PartitionKey is not { } key) return true;
        if (_holders.TryGetValue(key, out var holder)) return holder == ticket.Task;
        return _waiting.Where(t => t.PartitionKey == key).Min(t => t.Task) == ticket.Task;
    }

    private bool IsParked(QueueTicket ticket) => ticket.Needs is { } needs && Parked.Contains(needs);

    private long AgedPriority(QueueTicket ticket) => ticket.Priority + (NowMs / ageEveryMs) - (Since(ticket) / ageEveryMs);

    private static long Since(QueueTicket ticket) => Math.Max(ticket.EnqueuedMs, ticket.NotBeforeMs);
}
