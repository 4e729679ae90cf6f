using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Scheduling;

/// <summary>
/// Tasks of a ledger that has started again, and has not announced them since: it may have settled them, and died before it could say so. Decides which of them the ledger is asked about, as
/// else each would run once more; one that kills whatever runs it, on nodes that had outlived it.
/// </summary>
internal sealed class UnclaimedTasks(Peer self, IReadOnlyDictionary<TaskId, ScheduledTask> tasks)
{
    private const long ClaimMs = 1_000;      // a ledger announces again what it has open: most of it needs no question
    private const int MostAsked = 256;       // at a time
    private const int MostLedgers = 8_192;

    private readonly Dictionary<NodeId, Peer> _ledgers = [];
    private readonly Queue<(TaskId Task, long DueMs)> _doubtful = new();

    /// <summary>A ledger has spoken. Looks through all open tasks where it is another start of it than before: that happens seldom.</summary>
    public void Hear(Peer ledger, long nowMs)
    {
        var isKnown = _ledgers.TryGetValue(ledger.Node, out var before);
        if (before?.Incarnation == ledger.Incarnation) return;
        if (_ledgers.Count >= MostLedgers) _ledgers.Clear();      // hosts that came once and went: it costs work that is done again, at worst
        _ledgers[ledger.Node] = ledger;
        if (!isKnown) return;
        foreach (var (id, task) in tasks)
        {
            if (task.Ledger.Node == ledger.Node && task.Ledger.Incarnation != ledger.Incarnation) _doubtful.Enqueue((id, nowMs + ClaimMs));
        }
    }

    /// <summary>Now and then: asks about those that are still not announced.</summary>
    public void Ask(long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        for (var asked = 0; asked < MostAsked && _doubtful.TryPeek(out var doubtful) && doubtful.DueMs <= nowMs;)
        {
            _doubtful.Dequeue();
            if (!tasks.TryGetValue(doubtful.Task, out var task) || !_ledgers.TryGetValue(task.Ledger.Node, out var ledger) || task.Ledger.Incarnation == ledger.Incarnation) continue;
            effects.Add(SchedulerEffect.Send(ledger, new Message(MessageKind.Inquire, self, doubtful.Task)));
            asked++;
        }
    }

    public void Clear()
    {
        _ledgers.Clear();
        _doubtful.Clear();
    }
}
