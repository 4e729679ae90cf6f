namespace Rqml.Queues;

/// <summary>
/// The tasks of one class that need the same thing, in the order of their ranks. A lane is open, with a turn, while it has tasks and is not parked.
/// </summary>
internal sealed class Lane(ClassQueue owner, Requirement? requirement, SlotTable slots)
{
    public const int NotOpen = -1;

    private readonly LazyHeap<RankKey> _tasks = new(slots);

    public ClassQueue Class => owner;

    public bool IsParked => requirement is { IsParked: true };

    public bool IsEmpty => _tasks.IsEmpty;

    public int Count => _tasks.Count;

    /// <summary>Where the lane stands among the open lanes of its class, or <see cref="NotOpen"/>.</summary>
    public int Position { get; set; } = NotOpen;

    /// <summary>The rank of the first task of a lane that is not empty.</summary>
    public AgedRank BestRank => _tasks.RootKey.Rank;

    public int FirstSlot => _tasks.RootSlot;

    public void Push(int slot)
    {
        ref var task = ref slots[slot];
        _tasks.Push(new RankKey(task.Rank, task.Task), slot);
    }

    public int Pop() => _tasks.Pop();

    public void Drop(int slot) => _tasks.Drop(slot);

    /// <summary>Whether this lane's first task goes before that of the other.</summary>
    public bool IsBefore(Lane other) => RankKey.Before(_tasks.RootKey, other._tasks.RootKey);

    private readonly struct RankKey(AgedRank rank, TaskId task) : IHeapKey<RankKey>
    {
        public readonly AgedRank Rank = rank;
        private readonly TaskId _task = task;

        public static bool Before(in RankKey left, in RankKey right) => left.Rank.Value != right.Rank.Value ? left.Rank < right.Rank : left._task < right._task;
    }
}
