using BenchmarkDotNet.Attributes;
using Rqml.Benchmarks.Ratios;
using Rqml.Queues;
using Rqml.Tasks;

namespace Rqml.Benchmarks.Queues;

/// <summary>
/// One in and one out with many tasks of several classes waiting; beside a heap by priority and, as among tasks, by arrival within one.
/// </summary>
[MemoryDiagnoser]
public class MillionWaiting : IComparison
{
    private const int Turns = 20_000;
    private const int Priorities = 64;
    private readonly PriorityQueue<object, long> _heap = new();
    private readonly object _item = new();
    private TaskQueue<object> _queue = null!;
    private string[] _classes = [];
    private SplitMix64 _random = new(1);
    private ulong _number;

    [Params(1_000_000)]
    public int Waiting { get; set; } = 1_000_000;

    [Params(10)]
    public int Classes { get; set; } = 10;

    public int Operations => Turns;

    /// <summary>Bytes that a waiting task takes in the queue; measured by <see cref="Setup"/>.</summary>
    public double BytesEach { get; private set; }

    [GlobalSetup]
    public Task Setup()
    {
        _heap.EnsureCapacity(Waiting + 1);
        _classes = [.. Enumerable.Range(0, Classes).Select(number => $"class-{number}")];
        for (var number = 0; number < Waiting; number++) EnqueueInHeap();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        _queue = new TaskQueue<object>(Waiting + 1, ageEveryMs: 1_000);
        for (var number = 0; number < Waiting; number++) Enqueue();
        BytesEach = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Waiting;
        return Task.CompletedTask;
    }

    [GlobalCleanup]
    public Task Cleanup() => Task.CompletedTask;

    [Benchmark(Baseline = true, OperationsPerInvoke = Turns)]
    public Task Floor()
    {
        for (var turn = 0; turn < Turns; turn++)
        {
            EnqueueInHeap();
            _heap.Dequeue();
        }

        return Task.CompletedTask;
    }

    [Benchmark(OperationsPerInvoke = Turns)]
    public Task Rqml()
    {
        for (var turn = 0; turn < Turns; turn++)
        {
            Enqueue();
            if (!_queue.TryDequeue(nowMs: 0, out _)) throw new InvalidOperationException("The queue is empty.");
        }

        if (_queue.Count != Waiting) throw new InvalidOperationException($"{_queue.Count} tasks wait; it should be {Waiting}.");
        return Task.CompletedTask;
    }

    /// <summary>The smallest goes first: the highest priority, then the first to come.</summary>
    private void EnqueueInHeap() => _heap.Enqueue(_item, ((long)(_random.Next() % Priorities) << 48) | (long)++_number);

    private void Enqueue()
    {
        var ticket = new QueueTicket
        {
            Task = TaskId.Create(1, ++_number, new LedgerId(1)),
            Class = _classes[_random.Next() % (ulong)_classes.Length],
            Priority = (int)(_random.Next() % Priorities),
            Difficulty = 0.5,
            EnqueuedMs = 0,
        };
        if (!_queue.TryEnqueue(_item, ticket)) throw new InvalidOperationException("The queue is full.");
    }
}
