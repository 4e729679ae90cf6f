namespace Rqml.Queues;

/// <summary>Tasks for queue tests: number 1 has the lowest id, and so on.</summary>
internal static class TestTasks
{
    public const string Class = "summaries";

    public static TaskId Id(int number) => TaskId.Create(1_000_000 + (number / 7), (ulong)number, new LedgerId(1));

    public static QueueTicket Ticket(int number, string taskClass = Class, int priority = 0, double difficulty = 0.5, long enqueuedMs = 0) =>
        new() { Task = Id(number), Class = taskClass, Priority = priority, Difficulty = difficulty, EnqueuedMs = enqueuedMs };

    public static void Put(this TaskQueue<string> queue, params QueueTicket[] tickets)
    {
        foreach (var ticket in tickets) Assert.True(queue.TryEnqueue(NameOf(ticket.Task), ticket));
    }

    /// <summary>The numbers of the tasks that come out until none has a turn.</summary>
    public static int[] Drain(this TaskQueue<string> queue, long nowMs)
    {
        var numbers = new List<int>();
        while (queue.TryDequeue(nowMs, out var name)) numbers.Add(int.Parse(name, null));
        return [.. numbers];
    }

    public static int? Next(this TaskQueue<string> queue, long nowMs) => queue.TryDequeue(nowMs, out var name) ? int.Parse(name, null) : null;

    private static string NameOf(TaskId task)
    {
        for (var number = 0; number < 100_000; number++)
        {
            if (Id(number) == task) return number.ToString((IFormatProvider?)null);
        }

        throw new ArgumentException("Not one of ours.", nameof(task));
    }
}
