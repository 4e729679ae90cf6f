using Rqml.Tasks;

namespace Rqml.Queues;

/// <summary>One thing done to a queue; <paramref name="Number"/> chooses what it is done to.</summary>
public readonly record struct QueueStep(QueueStepKind Kind, int Number, int AdvanceMs, int Traits);

public enum QueueStepKind
{
    Enqueue,
    EnqueueDelayed,
    Dequeue,
    Settle,
    GiveBack,
    Remove,
    Park,
    Unpark,
    Hold,
    Peek,
}

/// <summary>Runs steps on a queue and on <see cref="NaiveQueue"/>, and compares all that can be seen after each.</summary>
internal sealed class QueueScript(int tasks, int capacity)
{
    private const long AgeEveryMs = 1000;
    private static readonly string[] Needs = ["small", "large"];

    private readonly TaskQueue<string> _queue = Weighted(new(capacity, AgeEveryMs));
    private readonly NaiveQueue _naive = new(AgeEveryMs);
    private readonly FairnessWatch _fairness = new(WeightOf);
    private readonly Dictionary<TaskId, QueueTicket> _out = [];
    private long _nowMs = 1_000_000;

    public static QueueStep RandomStep(ref SplitMix64 random)
    {
        // Most steps fill and empty the queue; the others are spread over the rest.
        var kind = random.NextInt(10) switch
        {
            < 4 => QueueStepKind.Enqueue,
            < 6 => QueueStepKind.Dequeue,
            _ => (QueueStepKind)random.NextInt(10),
        };
        return new(kind, random.NextInt(int.MaxValue), random.NextInt(400), random.NextInt(int.MaxValue));
    }

    public void Run(IEnumerable<QueueStep> steps)
    {
        foreach (var step in steps)
        {
            Do(step);
            _fairness.Now(_naive.ReadyClasses());
            AssertSame(step);
        }

        AssertNothingLost();
    }

    private void Do(QueueStep step)
    {
        var ticket = TicketOf(step);
        var anyOut = _out.Count == 0 ? default : _out.Values.ElementAt(step.Number % _out.Count);
        switch (step.Kind)
        {
            case QueueStepKind.Enqueue or QueueStepKind.EnqueueDelayed when !_out.ContainsKey(ticket.Task):
                if (step.Kind == QueueStepKind.EnqueueDelayed) ticket = ticket with { NotBeforeMs = _nowMs + (step.AdvanceMs * 5) };
                Enqueue(ticket);
                break;
            case QueueStepKind.Dequeue:
                Dequeue(step.AdvanceMs);
                break;
            case QueueStepKind.Settle when _out.Remove(anyOut.Task):
                if (anyOut.PartitionKey is { } key) Assert.Equal(_naive.Release(key, anyOut.Task), _queue.Release(key, anyOut.Task));
                break;
            case QueueStepKind.GiveBack when _out.Remove(anyOut.Task):
                _queue.Requeue(anyOut.Task.ToString(), anyOut);
                _naive.Enqueue(anyOut);
                break;
            case QueueStepKind.Remove:
                Assert.Equal(_naive.Remove(ticket.Task), _queue.Remove(ticket.Task));
                break;
            case QueueStepKind.Park:
                _queue.Park(Needs[step.Number % Needs.Length]);
                _naive.Parked.Add(Needs[step.Number % Needs.Length]);
                break;
            case QueueStepKind.Unpark:
                _queue.Unpark(Needs[step.Number % Needs.Length]);
                _naive.Parked.Remove(Needs[step.Number % Needs.Length]);
                break;
            case QueueStepKind.Hold when ticket.PartitionKey is not null && !_out.ContainsKey(ticket.Task):
                var holds = _naive.Hold(ticket.PartitionKey, ticket.Task);
                Assert.Equal(holds, _queue.Hold(ticket.PartitionKey, ticket.Task));
                if (holds) _out.Add(ticket.Task, ticket);
                break;
            case QueueStepKind.Peek:
                Advance(step.AdvanceMs);
                Assert.Equal(_naive.BestPriority(), _queue.TryPeekPriority(_nowMs, out var priority) ? priority : null);
                break;
        }
    }

    private void Enqueue(QueueTicket ticket)
    {
        if (_naive.Contains(ticket.Task))
        {
            if (_queue.Count < _queue.Capacity) Assert.Throws<ArgumentException>(() => _queue.TryEnqueue("again", ticket));
            return;
        }

        var fits = _naive.Count < _queue.Capacity;
        Assert.Equal(fits, _queue.TryEnqueue(ticket.Task.ToString(), ticket));
        if (fits) _naive.Enqueue(ticket);
    }

    private void Dequeue(int advanceMs)
    {
        Advance(advanceMs);
        var ready = _naive.ReadyClasses();
        _fairness.Now(ready);
        if (!_queue.TryDequeue(_nowMs, out var name))
        {
            Assert.Empty(ready);
            return;
        }

        var task = TaskId.Parse(name, null);
        var ticket = _naive.Dequeue(task);
        _out.Add(task, ticket);
        _fairness.Served(ticket.Class);
        _fairness.Now(_naive.ReadyClasses());
    }

    private void Advance(int ms)
    {
        _nowMs += ms;
        _naive.NowMs = _nowMs;
    }

    private void AssertSame(QueueStep step)
    {
        var statistics = _queue.Statistics(_nowMs);
        Assert.Equal(_naive.Count, statistics.Waiting);
        Assert.Equal(_naive.CountAt(WaitingPlace.Delayed), statistics.Delayed);
        Assert.Equal(_naive.CountAt(WaitingPlace.Key), statistics.HeldByKey);
        Assert.Equal(_naive.CountParked(), statistics.Parked);
        Assert.Equal(_naive.CountOf("class-1"), _queue.CountOf("class-1"));
        Assert.Equal(_naive.NextDueMs(), _queue.NextDueMs);
        Assert.InRange(_queue.OldestWaitMs(_nowMs) - _naive.OldestWaitMs(), 0, 127);
        Assert.Equal(_naive.Contains(TicketOf(step).Task), _queue.Contains(TicketOf(step).Task));
    }

    private void AssertNothingLost()
    {
        foreach (var need in Needs)
        {
            _queue.Unpark(need);
            _naive.Parked.Remove(need);
        }

        Advance(1_000_000);
        do
        {
            foreach (var (task, ticket) in _out)
            {
                if (ticket.PartitionKey is { } key) Assert.Equal(_naive.Release(key, task), _queue.Release(key, task));
            }

            _out.Clear();
            Dequeue(0);
        }
        while (_out.Count > 0);

        Assert.Equal((0, 0), (_naive.Count, _queue.Count));
    }

    // Class and key belong to the task; the rest to the submission.
    private QueueTicket TicketOf(QueueStep step)
    {
        var number = step.Number % tasks;
        return new()
        {
            Task = TestTasks.Id(number),
            Class = $"class-{number % 3}",
            Priority = step.Traits % 5,
            Difficulty = step.Traits / 5 % 8 / 8.0,
            EnqueuedMs = _nowMs,
            PartitionKey = number % 4 == 0 ? $"key-{number % 12}" : null,
            Needs = (step.Traits / 40 % 4) switch { 0 => Needs[0], 1 => Needs[1], _ => null },
        };
    }

    private static int WeightOf(string taskClass) => taskClass == "class-0" ? 3 : 1;

    private static TaskQueue<string> Weighted(TaskQueue<string> queue)
    {
        queue.SetWeight("class-0", WeightOf("class-0"));
        return queue;
    }
}
