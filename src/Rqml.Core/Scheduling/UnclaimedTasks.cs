using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Scheduling;

/// <summary>
/// Tasks of a ledger that has started again, and has not announced them since: it may have settled them, and died before it could say so. Decides which of them the ledger is asked about, as
/// else each would run once more; one that kills whatever runs it, on nodes that had outlived it.
/// </summary>
internal sealed class UnclaimedTasks(Peer self, IReadOnlyDictionary<TaskId, ScheduledTask> tasks)
{
    private const long QuietMs = 1_000;
    private const int MostAsked = 256;         // at a time
    private const int MostLookedAt = 16_384;
    private const int MostLedgers = 8_192;

    private readonly Dictionary<LedgerId, Claims> _ledgers = [];
    private readonly List<Claims> _open = [];      // those with tasks in doubt

    /// <summary>A ledger has greeted us, or announced a task. Looks through all open tasks where it has started again: that happens seldom.</summary>
    /// <param name="ledger">Which one. Names of nodes will not do: hosts that only submit may share one.</param>
    /// <param name="from">The start of the process that it is in.</param>
    /// <param name="isRepeated">Whether it announced what it had announced before: then it is not through with that yet, and most of it needs no question.</param>
    /// <param name="nowMs">Now.</param>
    public void Hear(LedgerId ledger, Peer from, bool isRepeated, long nowMs)
    {
        if (!_ledgers.TryGetValue(ledger, out var claims))
        {
            if (_ledgers.Count >= MostLedgers) Clear();      // hosts that came once and went: it costs work that is done again, at worst
            _ledgers.Add(ledger, new Claims(from));
            return;
        }

        if (claims.Start.Incarnation != from.Incarnation)
        {
            claims.Start = from;
            claims.InDoubt = new Queue<TaskId>(tasks.Where(task => task.Key.Ledger == ledger && task.Value.Ledger.Incarnation != from.Incarnation).Select(task => task.Key));
            claims.DueMs = nowMs + QuietMs;
            if (claims.InDoubt.Count > 0 && !_open.Contains(claims)) _open.Add(claims);
        }
        else if (isRepeated)
        {
            claims.DueMs = nowMs + QuietMs;
        }
    }

    /// <summary>Now and then: asks about those that are still not announced.</summary>
    public void Ask(long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var (asked, lookedAt) = (0, 0);
        foreach (var claims in _open)
        {
            while (claims.DueMs <= nowMs && asked < MostAsked && lookedAt++ < MostLookedAt && claims.InDoubt.TryDequeue(out var id))
            {
                if (!tasks.TryGetValue(id, out var task) || task.Ledger.Incarnation == claims.Start.Incarnation) continue;
                effects.Add(SchedulerEffect.Send(claims.Start, new Message(MessageKind.Inquire, self, id)));
                asked++;
            }
        }

        _open.RemoveAll(claims => claims.InDoubt.Count == 0);
    }

    public void Clear()
    {
        _ledgers.Clear();
        _open.Clear();
    }

    /// <summary>What a start of a ledger has yet to say of the tasks that an earlier one announced.</summary>
    private sealed class Claims(Peer start)
    {
        public Peer Start { get; set; } = start;

        public Queue<TaskId> InDoubt { get; set; } = new();

        /// <summary>When it has announced again whatever is open, as far as can be told.</summary>
        public long DueMs { get; set; }
    }
}
