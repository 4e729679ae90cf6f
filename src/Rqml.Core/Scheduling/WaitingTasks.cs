using System.Diagnostics.CodeAnalysis;
using Rqml.Queues;
using Rqml.Tasks;

namespace Rqml.Scheduling;

/// <summary>
/// The tasks that no node has, and the partition keys of those that one has: decides whose turn it is, and lets a class wait while no node has room for it. Apart from the machine, as it
/// knows neither messages nor attempts.
/// </summary>
internal sealed class WaitingTasks
{
    private readonly NodePool _pool;
    private readonly ParkedClasses _parked;
    private readonly SchedulerSettings _settings;
    private readonly Dictionary<ClassKey, string> _needs = [];      // what a class's tasks cannot run without, as the queue calls it
    private readonly ExpectedDifficulty _difficulty = new();
    private TaskQueue<ScheduledTask> _queue;

    public WaitingTasks(NodePool pool, ParkedClasses parked, SchedulerSettings settings)
    {
        (_pool, _parked, _settings) = (pool, parked, settings);
        _queue = NewQueue();
    }

    public long NextDueMs => _queue.NextDueMs ?? long.MaxValue;

    public QueueStatistics Statistics(long nowMs) => _queue.Statistics(nowMs);

    public bool Contains(TaskId task) => _queue.Contains(task);

    /// <summary>Which keys are taken, and what waits for them, for explorations that tell states apart.</summary>
    public string DescribeKeys() => _queue.DescribeKeys();

    /// <summary>The task waits for its turn, as old as it is.</summary>
    public void Enqueue(ScheduledTask task)
    {
        var spec = task.Spec;
        if (!_parked.Contains(spec.Class) && !_pool.Serves(spec.Class)) Park(spec.Class);
        _queue.Requeue(task, new QueueTicket
        {
            Task = spec.Id,
            Class = spec.Class.Name,
            Priority = spec.Priority,
            Difficulty = DifficultyOf(spec),
            EnqueuedMs = task.TakenMs,
            NotBeforeMs = spec.NotBeforeMs,
            PartitionKey = spec.PartitionKey,
            Needs = NeedOf(spec.Class),
        });
    }

    /// <summary>Nobody who serves its class has room: it waits on, and its class with it; other classes go on.</summary>
    public void PutBack(ScheduledTask task)
    {
        Park(task.Spec.Class);
        Enqueue(task);
    }

    public bool TryDequeue(long nowMs, [MaybeNullWhen(false)] out ScheduledTask task) => _queue.TryDequeue(nowMs, out task);

    public void Remove(TaskId task) => _queue.Remove(task);

    public void Advance(long nowMs) => _queue.Advance(nowMs);

    /// <summary>No other task of the key has a turn before this one leaves it; false where another has it already.</summary>
    public bool Hold(string partitionKey, TaskId task) => _queue.Hold(partitionKey, task);

    public void Release(string partitionKey, TaskId task) => _queue.Release(partitionKey, task);

    /// <summary>Brings the node's place in the draw up to date; where it has room, the classes that it serves have somewhere to go again.</summary>
    public void Weigh(ScheduledNode node, long nowMs)
    {
        NodePool.Weigh(node, nowMs);
        if (_parked.IsEmpty || NodePool.WeightOf(node, nowMs).Value <= 0) return;
        foreach (var served in node.Classes)
        {
            if (_parked.Unpark(served)) _queue.Unpark(NeedOf(served));
        }
    }

    public double DifficultyOf(TaskSpec spec) => _difficulty.Of(spec.Class.Name, double.IsNaN(spec.Difficulty) ? null : spec.Difficulty);

    /// <summary>What a finished task says of the next ones of its class.</summary>
    public void Learn(TaskSpec finished, int iterations) => _difficulty.Learn(finished.Class.Name, iterations, finished.Budget.Iterations ?? _settings.IterationLimit(finished.Class));

    /// <summary>What was learnt stays.</summary>
    public void Clear()
    {
        _parked.Clear();
        _needs.Clear();
        _queue = NewQueue();
    }

    private TaskQueue<ScheduledTask> NewQueue() => new(_settings.MaxTasks, _settings.AgeEveryMs);

    private void Park(ClassKey @class)
    {
        if (_parked.Park(@class)) _queue.Park(NeedOf(@class));
    }

    private string NeedOf(ClassKey @class)
    {
        if (!_needs.TryGetValue(@class, out var name)) _needs.Add(@class, name = @class.ToString());
        return name;
    }
}
