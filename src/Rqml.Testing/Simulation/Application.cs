using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Tasks;

namespace Rqml.Testing.Simulation;

/// <summary>The program on the ledger's machine: submits its work under idempotency keys, waits, and after each restart of its process takes up what is unfinished.</summary>
/// <param name="world">Whose draws decide.</param>
/// <param name="judge">Who is told what the application was told.</param>
/// <param name="works">What it wants done.</param>
/// <param name="cancelled">The share of its tasks that it cancels.</param>
/// <param name="latest">When it submits the last of them at the latest, after a start of its process.</param>
internal sealed class Application(World world, Judge judge, IReadOnlyList<IWork> works, double cancelled, TimeSpan latest)
{
    private readonly Dictionary<int, TaskId> _acknowledged = [];
    private readonly Dictionary<int, Outcome> _done = [];
    private TaskIdSource? _ids;

    public int Acknowledged => _acknowledged.Count;

    public bool IsDone => _done.Count == works.Count;

    /// <summary>Whose end it has not seen.</summary>
    public IEnumerable<IWork> Open => works.Where(work => !_done.ContainsKey(work.Number));

    public IEnumerable<string> Unfinished => Open.Select(work => _acknowledged.TryGetValue(work.Number, out var id) ? $"{work} = {id}" : $"{work}, not acknowledged");

    public void Up(NodeRuntime runtime, SimulatedProcess process)
    {
        _ids = new TaskIdSource(runtime.LedgerId, world.NextSeed());
        foreach (var work in works)
        {
            if (!_done.ContainsKey(work.Number)) _running.Add(FollowAsync(runtime, process, work));
        }
    }

    private readonly List<Task> _running = [];

    /// <summary>The first error that one of the application's own tasks met: a bug of the simulation.</summary>
    public Exception? Failure => _running.FirstOrDefault(task => task.IsFaulted)?.Exception!.InnerException;

    private async Task FollowAsync(NodeRuntime runtime, SimulatedProcess process, IWork work)
    {
        try
        {
            await FollowUntilSettledAsync(runtime, process, work);
        }
        catch (LedgerLostException)
        {
            // The process is stopping. Its next start takes the work up again.
        }
    }

    private async Task FollowUntilSettledAsync(NodeRuntime runtime, SimulatedProcess process, IWork work)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(world.Draw(world.Chance(0.5) ? 2_000 : (int)latest.TotalMilliseconds)), process.Time);
        var watcher = new Watcher();
        if (!_acknowledged.TryGetValue(work.Number, out var id))
        {
            var spec = new TaskSpec
            {
                Id = _ids!.Next(runtime.Clock.NowMs),
                Class = work.Class,
                Payload = work.ToBytes(),
                Priority = work.Number % 3,
                SubmittedMs = runtime.Clock.NowMs,
                KeepResultMs = work.Number % 3 == 0 ? 4_000 : (long)TimeSpan.FromDays(1).TotalMilliseconds,
                IdempotencyKey = $"work-{work.Number}",
                PartitionKey = work.PartitionKey,
                Seed = work.Seed,
                Budget = work.Budget,
                DeadlineMs = work.Deadline is { } deadline ? runtime.Clock.NowMs + (long)deadline.TotalMilliseconds : long.MaxValue,
            };
            var ticket = new SubmitTicket();
            runtime.Ledger!.Post(LedgerEvent.Submit(spec, watcher, ticket));
            var reply = await ticket.Task;
            if (reply.Answer == SubmitAnswer.TooLate) return;
            id = reply.Task;
            _acknowledged[work.Number] = id;
            judge.Acknowledged(id);
        }

        // Attached in any case: the task may be of an earlier start, or settled already.
        var attached = new TaskCompletionSource<AttachReply?>();
        runtime.Ledger!.Post(LedgerEvent.Attach(id, watcher, attached));
        var task = await attached.Task;
        if (task is null)
        {
            if (!judge.IsSettled(id)) judge.Violated('b', $"{id} was acknowledged, is not settled, and its ledger does not know it");
            _done[work.Number] = default;      // settled, and purged since: its result was to be kept for seconds only
            return;
        }

        if (!task.IsSettled && world.Chance(cancelled)) await CancelAsync(runtime, id);
        var settlement = task.IsSettled ? runtime.ReadSettlement(id) : await (task.Watcher as Watcher ?? watcher).Settled.Task;
        if (settlement is null)
        {
            if (work.Number % 3 != 0) judge.Violated('a', $"{id} is settled, and its settlement is not in the store");
            _done[work.Number] = default;      // purged between the ledger's answer and our reading
            return;
        }

        judge.Completed(id, settlement.Outcome);
        _done[work.Number] = settlement.Outcome;
        work.Check(judge, id, settlement);
    }

    private async Task CancelAsync(NodeRuntime runtime, TaskId id)
    {
        var ticket = new TaskCompletionSource<CancelAnswer>();
        runtime.Ledger!.Post(LedgerEvent.Cancel(id, ticket));
        if (await ticket.Task == CancelAnswer.Cancelled) judge.Cancelled(id);
    }

    private sealed class Watcher : ITaskWatcher
    {
        public TaskCompletionSource<Settlement> Settled { get; } = new();

        void ITaskWatcher.Settled(Settlement settlement, long settledMs) => Settled.TrySetResult(settlement);

        void ITaskWatcher.Iterated(IterationReport iteration) { }

        void ITaskWatcher.Lost(Exception error) => Settled.TrySetException(error);
    }
}
