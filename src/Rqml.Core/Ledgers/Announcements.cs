using Rqml.Messaging;

namespace Rqml.Ledgers;

/// <summary>
/// Which open tasks the leader is told of next. What it has not acknowledged is never more than half of what a link takes: whatever is said beyond that is dropped, and would
/// wait for its repetition. So a new leader learns of any number of tasks as fast as it takes them.
/// </summary>
/// <param name="windowBytes">Bytes of announcements that may be unacknowledged; one task goes in any case.</param>
internal sealed class Announcements(long windowBytes)
{
    private const long RepeatMs = 1_000;

    private const int FewestEnded = 1_024;

    private readonly Queue<LedgerTask> _waiting = new();
    private readonly Queue<Said> _said = new();      // by time; those that ended, or were said again, are skipped
    private long _saidBytes;
    private int _endedWaiting;

    /// <summary>When the oldest that is not acknowledged is said again: the network may have lost it.</summary>
    public long NextDueMs => _said.TryPeek(out var oldest) ? oldest.AtMs + RepeatMs : long.MaxValue;

    /// <summary>A leader that knows nothing: all is to be said.</summary>
    public void Begin(IEnumerable<LedgerTask> open)
    {
        _waiting.Clear();
        _said.Clear();
        (_saidBytes, _endedWaiting) = (0, 0);
        foreach (var task in open) Add(task);
    }

    public void Add(LedgerTask task)
    {
        task.Announcing = AnnouncementState.Waiting;
        _waiting.Enqueue(task);
    }

    /// <summary>The next one to be said now; false where nothing is due, or the leader has enough.</summary>
    public bool TryTake(long nowMs, out LedgerTask task)
    {
        if (NextDueMs <= nowMs)
        {
            task = _said.Dequeue().Task;
        }
        else if (TryPeekWaiting(out task) && (_saidBytes == 0 || _saidBytes + Announcement.BytesOf(task.Spec) <= windowBytes))
        {
            _waiting.Dequeue();
            _saidBytes += Announcement.BytesOf(task.Spec);
        }
        else
        {
            return false;
        }

        task.Announcing = AnnouncementState.Said;
        task.AnnouncedMs = nowMs;
        _said.Enqueue(new Said(task, nowMs));
        SkipEnded();
        return true;
    }

    /// <summary>It is acknowledged or settled: there is room for another.</summary>
    public void End(LedgerTask task)
    {
        var before = task.Announcing;
        task.Announcing = AnnouncementState.Ended;
        if (before == AnnouncementState.Said)
        {
            _saidBytes -= Announcement.BytesOf(task.Spec);
            SkipEnded();
        }
        else if (before == AnnouncementState.Waiting && ++_endedWaiting >= FewestEnded && _endedWaiting * 2 > _waiting.Count)
        {
            // Tasks come and are cancelled while a full leader takes none.
            for (var count = _waiting.Count; count > 0; count--)
            {
                var waiting = _waiting.Dequeue();
                if (waiting.Announcing == AnnouncementState.Waiting) _waiting.Enqueue(waiting);
            }

            _endedWaiting = 0;
        }
    }

    /// <summary>The same once more, of the copies of its tasks.</summary>
    public Announcements Clone(IReadOnlyDictionary<TaskId, LedgerTask> open)
    {
        var clone = new Announcements(windowBytes) { _saidBytes = _saidBytes };
        foreach (var task in _waiting.Where(task => task.Announcing == AnnouncementState.Waiting)) clone._waiting.Enqueue(open[task.Spec.Id]);
        foreach (var said in _said.Where(said => said.IsCurrent)) clone._said.Enqueue(new Said(open[said.Task.Spec.Id], said.AtMs));
        return clone;
    }

    private bool TryPeekWaiting(out LedgerTask task)
    {
        while (_waiting.TryPeek(out task!))
        {
            if (task.Announcing == AnnouncementState.Waiting) return true;
            _waiting.Dequeue();
            _endedWaiting--;
        }

        return false;
    }

    private void SkipEnded()
    {
        while (_said.TryPeek(out var oldest) && !oldest.IsCurrent) _said.Dequeue();
    }

    private readonly record struct Said(LedgerTask Task, long AtMs)
    {
        public bool IsCurrent => Task.Announcing == AnnouncementState.Said && Task.AnnouncedMs == AtMs;
    }
}

/// <summary>How far the leader of the term has heard of a task.</summary>
internal enum AnnouncementState
{
    /// <summary>There is no leader, or it has acknowledged the task, or the task is settled.</summary>
    Ended,

    /// <summary>It is to be told.</summary>
    Waiting,

    /// <summary>It was told, and has not acknowledged it.</summary>
    Said,
}
