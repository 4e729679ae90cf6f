using Rqml.Administration;
using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Tasks;

namespace Rqml.Ledgers;

/// <summary>
/// Decides what is open and what is settled. Result, cancel, deadline and poison race for one compare-and-set, and the first wins, whatever its
/// epoch. Nobody hears of it before it is durable. This is the only deduplication that correctness rests on (invariants 1 and 2).
/// </summary>
internal sealed class LedgerMachine : IMachine<LedgerEvent, LedgerEffect>
{
    /// <summary>Three worker deaths are a verdict.</summary>
    public const int StrikesToPoison = 3;

    /// <summary>Purging is spread over steps, so that a day's results that end together hold nobody up.</summary>
    public const int MaxPurgedAtOnce = 256;

    private const long GreetEveryMs = 1_000;
    private const int FewestStaleDeadlines = 1_024;

    private readonly Peer _self;
    private readonly LedgerId _ledger;
    private readonly bool _keepsContent;
    private readonly Dictionary<TaskId, LedgerTask> _open = [];
    private readonly Dictionary<TaskId, SettledTask> _settled = [];
    private readonly Dictionary<IdempotencyKey, TaskId> _keys = [];
    private readonly PriorityQueue<TaskId, long> _deadlines = new();
    private readonly PriorityQueue<TaskId, long> _retention = new();
    private Announcements _announcements;
    private int _staleDeadlines;
    private Peer? _leader;
    private Term _term;
    private long _greetDueMs = long.MaxValue;

    /// <param name="self">The node whose ledger it is.</param>
    /// <param name="ledger">The ledger's id, part of the id of each of its tasks.</param>
    /// <param name="keepsContent">Whether settled tasks are kept whole, as there is no store to read them from.</param>
    /// <param name="announcedBytes">Announcements that a leader may be told of before it has acknowledged them, in bytes.</param>
    public LedgerMachine(Peer self, LedgerId ledger, bool keepsContent, long announcedBytes)
    {
        _announcements = new Announcements(announcedBytes);
        _self = self;
        _ledger = ledger;
        _keepsContent = keepsContent;
    }

    public Peer Self => _self;

    /// <summary>Settled tasks that are kept at most; beyond that those go whose time would end first.</summary>
    public int MostKept { get; init; } = int.MaxValue;

    public int OpenCount => _open.Count;

    /// <summary>Deadlines that are kept, those of settled tasks included.</summary>
    public int DeadlineCount => _deadlines.Count;

    /// <summary>Tasks that were settled since the start.</summary>
    public long SettledCount { get; private set; }

    public long NextDueMs
    {
        get
        {
            var dueMs = Math.Min(_announcements.NextDueMs, _greetDueMs);
            if (_deadlines.TryPeek(out _, out var deadlineMs)) dueMs = Math.Min(dueMs, deadlineMs);
            if (_retention.TryPeek(out _, out var purgeMs)) dueMs = _settled.Count > MostKept ? 0 : Math.Min(dueMs, purgeMs);
            return dueMs;
        }
    }

    /// <summary>Whom it announces its tasks to; null before it has heard of anybody.</summary>
    public Peer? Leader => _leader;

    /// <summary>The term of that leader; none: it was named by its address, and has said nothing yet.</summary>
    public Term Term => _term;

    public IEnumerable<LedgerTask> Open => _open.Values;

    public IEnumerable<SettledTask> Settled => _settled.Values;

    public LedgerTask? FindOpen(TaskId task) => _open.GetValueOrDefault(task);

    public SettledTask? FindSettled(TaskId task) => _settled.GetValueOrDefault(task);

    /// <summary>The same state once more, for explorations that go on in several ways.</summary>
    public LedgerMachine Clone()
    {
        var clone = new LedgerMachine(_self, _ledger, _keepsContent, 0) { MostKept = MostKept, _leader = _leader, _term = _term, _staleDeadlines = _staleDeadlines, _greetDueMs = _greetDueMs };
        foreach (var (id, task) in _open) clone._open.Add(id, task.Clone());
        clone._announcements = _announcements.Clone(clone._open);
        foreach (var (id, task) in _settled) clone._settled.Add(id, task);
        foreach (var (key, id) in _keys) clone._keys.Add(key, id);
        clone._deadlines.EnqueueRange(_deadlines.UnorderedItems);
        clone._retention.EnqueueRange(_retention.UnorderedItems);
        return clone;
    }

    /// <summary>Takes back an open task from the store, before the first step.</summary>
    public void Restore(LedgerTask task)
    {
        if (task.Spec.IdempotencyKey is { } key) _keys[new(task.Spec.Class.Name, key)] = task.Spec.Id;
        task.IsKnownBefore = true;
        _open[task.Spec.Id] = task;
        WatchDeadline(task.Spec);
    }

    /// <summary>Takes back what is kept of a settled task, before the first step.</summary>
    public void Restore(SettledTask task)
    {
        if (task.IdempotencyKey is { } key) _keys[new(task.Class.Name, key)] = task.Id;
        _settled[task.Id] = task;
        _retention.Enqueue(task.Id, task.SettledMs + task.KeepResultMs);
    }

    public void Step(in LedgerEvent @event, long nowMs, EffectBuffer<LedgerEffect> effects)
    {
        switch (@event.Kind)
        {
            case LedgerEventKind.Submit:
                Submit((TaskSpec)@event.Subject!, @event.Watcher, @event.Ticket, nowMs, effects);
                break;
            case LedgerEventKind.Cancel:
                Cancel(@event.Task, @event.Ticket!, nowMs, effects);
                break;
            case LedgerEventKind.Attach:
                Attach(@event.Task, (ClassKey?)@event.Subject, @event.Watcher!, @event.Ticket!, effects);
                break;
            case LedgerEventKind.Ask:
                ((Question)@event.Subject!).LookUp(this);
                effects.Add(LedgerEffect.AnswerQuestion((Question)@event.Subject!));
                break;
            case LedgerEventKind.Watch:
                Watch(@event.Task, effects);
                break;
            case LedgerEventKind.Explain:
                Explain(@event.Task, @event.Ticket!, effects);
                break;
            case LedgerEventKind.Leader:
                FollowLeader((Peer)@event.Subject!, @event.Term, nowMs, effects);
                break;
            case LedgerEventKind.Message:
                Hear(@event.Message, nowMs, effects);
                break;
            case LedgerEventKind.Lend:
                Lend((LendingRequest)@event.Subject!, nowMs, effects);
                break;
        }

        Announce(nowMs, effects);
    }

    public void Tick(long nowMs, EffectBuffer<LedgerEffect> effects)
    {
        while (_deadlines.TryPeek(out var task, out var dueMs) && dueMs <= nowMs)
        {
            _deadlines.Dequeue();
            _staleDeadlines = Math.Max(0, _staleDeadlines - 1);
            if (_open.TryGetValue(task, out var open)) Settle(open, Settlement.OfLedger(Outcome.DeadlineExceeded, "The deadline passed."), nowMs, effects);
        }

        for (var purged = 0; purged < MaxPurgedAtOnce && _retention.TryPeek(out var task, out var dueMs) && (dueMs <= nowMs || _settled.Count > MostKept); purged++)
        {
            _retention.Dequeue();
            Forget(task, isEarly: dueMs > nowMs, effects);
        }

        if (_greetDueMs <= nowMs) Greet(nowMs, effects);
        Announce(nowMs, effects);
    }

    private void Submit(TaskSpec spec, object? watcher, object? ticket, long nowMs, EffectBuffer<LedgerEffect> effects)
    {
        Invariant.Holds(spec.Id.Ledger == _ledger, "took a task whose id names another ledger");
        if (spec.IdempotencyKey is { } name)
        {
            var key = new IdempotencyKey(spec.Class.Name, name);
            if (_keys.TryGetValue(key, out var first))
            {
                var same = _open.TryGetValue(first, out var earlier)
                    ? earlier.Spec.Class == spec.Class && earlier.Spec.Payload.Span.SequenceEqual(spec.Payload.Span)
                    : _settled[first].Class == spec.Class && _settled[first].HasPayload(spec.Payload);
                if (ticket is not null) effects.Add(LedgerEffect.AnswerSubmit(ticket, same ? SubmitAnswer.Existing : SubmitAnswer.Conflict, first));
                return;
            }

            _keys[key] = spec.Id;
        }

        var task = new LedgerTask(spec, watcher);
        _open.Add(spec.Id, task);
        WatchDeadline(spec);
        effects.Add(LedgerEffect.WriteSubmission(spec));
        if (ticket is not null) effects.Add(LedgerEffect.AnswerSubmit(ticket, SubmitAnswer.Accepted, spec.Id));

        // Announced before it is durable: if this ledger dies first, its successor knows nothing of the task and answers its result with AlreadySettled.
        if (_leader is not null) _announcements.Add(task);
    }

    private void Cancel(TaskId task, object ticket, long nowMs, EffectBuffer<LedgerEffect> effects)
    {
        if (_open.TryGetValue(task, out var open))
        {
            Settle(open, Settlement.OfLedger(Outcome.Cancelled, "It was cancelled."), nowMs, effects);
            effects.Add(LedgerEffect.AnswerCancel(ticket, CancelAnswer.Cancelled));
            return;
        }

        effects.Add(LedgerEffect.AnswerCancel(ticket, _settled.ContainsKey(task) ? CancelAnswer.AlreadySettled : CancelAnswer.Unknown));
    }

    /// <summary>An operator's wish. It may come again, as its answer may be lost: the task is settled by then.</summary>
    private void Fail(in Message wish, long nowMs, EffectBuffer<LedgerEffect> effects)
    {
        var order = (FailOrder)wish.Body!;
        var verdict = _settled.ContainsKey(wish.Task) ? AdministrationVerdict.AlreadySettled : AdministrationVerdict.UnknownTask;
        if (_open.TryGetValue(wish.Task, out var open))
        {
            Settle(open, Settlement.OfLedger(Outcome.Failed, order.Reason), nowMs, effects);
            verdict = AdministrationVerdict.Done;
        }

        effects.Add(LedgerEffect.SendOnceDurable(order.Asker, new Message(MessageKind.Administered, _self, wish.Task, Number: wish.Number, Body: new AdministrationAnswer(verdict))));
    }

    private void Attach(TaskId task, ClassKey? asked, object watcher, object ticket, EffectBuffer<LedgerEffect> effects)
    {
        AttachReply? reply = null;
        if (_open.TryGetValue(task, out var open))
        {
            if (asked is null || asked == open.Spec.Class) open.Watcher ??= watcher;
            reply = new AttachReply(open.Spec.Class, null, null, open.Watcher);
        }
        else if (_settled.TryGetValue(task, out var settled))
        {
            reply = new AttachReply(settled.Class, settled.SettledMs, settled.Content?.Settlement, null);
        }

        effects.Add(LedgerEffect.AnswerAttach(ticket, reply));
    }

    /// <summary>The node that works on a task knows what has happened to it; whoever leads knows the node.</summary>
    private void Explain(TaskId task, object ticket, EffectBuffer<LedgerEffect> effects)
    {
        if (!_open.TryGetValue(task, out var open))
        {
            effects.Add(LedgerEffect.AnswerStory(task, ticket, null));
            return;
        }

        open.Curious = [.. open.Curious, ticket];
        if (open.IsLent) effects.Add(LedgerEffect.Send(_self, new Message(MessageKind.ExplainAttempt, _self, task)));
        if (_leader is not null) effects.Add(LedgerEffect.Send(_leader, new Message(MessageKind.Explain, _self, task)));
    }

    private static void Tell(LedgerTask task, object? story, EffectBuffer<LedgerEffect> effects)
    {
        if (task.Curious.Count == 0) return;
        foreach (var ticket in task.Curious) effects.Add(LedgerEffect.AnswerStory(task.Spec.Id, ticket, story));
        task.Curious = [];
    }

    private void Watch(TaskId task, EffectBuffer<LedgerEffect> effects)
    {
        if (!_open.TryGetValue(task, out var open) || open.Watched) return;
        open.Watched = true;
        if (open.IsLent) effects.Add(LedgerEffect.Send(_self, new Message(MessageKind.WatchAttempt, _self, task)));
        if (_leader is not null) effects.Add(LedgerEffect.Send(_leader, new Message(MessageKind.Watch, _self, task)));
    }

    private void FollowLeader(Peer leader, Term term, long nowMs, EffectBuffer<LedgerEffect> effects)
    {
        if (term < _term || (term == _term && Equals(leader, _leader))) return;
        _leader = leader;
        _term = term;
        foreach (var task in _open.Values) task.IsKnownBefore |= task.AnnouncedMs != long.MinValue;
        _announcements.Begin(_open.Values);
        Greet(nowMs, effects);
    }

    /// <summary>
    /// Tasks for the node of our own process, which hears of no leader: those without a key that no leader has acknowledged, as any other may run somewhere. What an earlier leader or an
    /// earlier start of the ledger may have had comes last: run twice is wasted, and never run is worse.
    /// </summary>
    private void Lend(LendingRequest asked, long nowMs, EffectBuffer<LedgerEffect> effects)
    {
        var lent = _open.Values
            .Where(task => task.AnnouncedIn is null && task.Spec.PartitionKey is null && task.Spec.NotBeforeMs <= nowMs && asked.Classes.Contains(task.Spec.Class) && !asked.Held.Contains(task.Spec.Id))
            .OrderBy(task => task.IsKnownBefore).ThenByDescending(task => task.Spec.Priority).ThenBy(task => task.Spec.Id)
            .Take(asked.Room).ToArray();
        foreach (var task in lent) task.IsLent = true;
        if (lent.Length > 0) effects.Add(LedgerEffect.Lend([.. lent.Select(task => new LentTask(task.Spec, _self, RemainingMs(task, nowMs), task.Watched))]));
    }

    private static long RemainingMs(LedgerTask task, long nowMs) => task.Spec.DeadlineMs == long.MaxValue ? long.MaxValue : Math.Max(0, task.Spec.DeadlineMs - nowMs);

    private void Hear(in Message message, long nowMs, EffectBuffer<LedgerEffect> effects)
    {
        switch (message.Kind)
        {
            case MessageKind.Announced:
                var term = new Term(message.Epoch.Generation, message.Epoch.Term);
                FollowLeader(message.From, term, nowMs, effects);
                foreach (var id in (TaskId[])message.Body!)
                {
                    if (term != _term || !_open.TryGetValue(id, out var known)) continue;
                    known.AnnouncedIn = term;
                    _announcements.End(known);
                }

                break;
            case MessageKind.Inquire:
                if (_open.TryGetValue(message.Task, out var asked)) effects.Add(LedgerEffect.Send(message.From, Announcing(asked, nowMs)));
                else effects.Add(LedgerEffect.SendOnceDurable(message.From, new Message(MessageKind.TaskSettled, _self, message.Task)));
                break;
            case MessageKind.Result:
                Offer(message, nowMs, effects);
                break;
            case MessageKind.StillOpen:
                if (!_open.ContainsKey(message.Task)) AnswerAlreadySettled(message, effects);
                break;
            case MessageKind.Strike:
                Count(message, nowMs, effects);
                break;
            case MessageKind.Progress:
                if (_open.TryGetValue(message.Task, out var watched) && watched.Watcher is { } watcher) effects.Add(LedgerEffect.Deliver(watcher, (IterationReport)message.Body!));
                break;
            case MessageKind.FailTask:
                Fail(message, nowMs, effects);
                break;
            case MessageKind.Told:
                if (_open.TryGetValue(message.Task, out var explained)) Tell(explained, message.Body, effects);
                break;
        }
    }

    /// <summary>A finished result: it settles an open task, whatever its epoch. A purged or unknown id is answered, and never recreated.</summary>
    private void Offer(in Message result, long nowMs, EffectBuffer<LedgerEffect> effects)
    {
        if (!_open.TryGetValue(result.Task, out var open))
        {
            AnswerAlreadySettled(result, effects);
            return;
        }

        Settle(open, (Settlement)result.Body!, nowMs, effects);
        effects.Add(LedgerEffect.SendOnceDurable(result.From, new Message(MessageKind.Answered, _self, result.Task, result.Epoch, (long)Verdict.Settled)));
    }

    /// <summary>A worker died: counted once per (epoch, run), and the next run waits for the durable answer.</summary>
    private void Count(in Message strike, long nowMs, EffectBuffer<LedgerEffect> effects)
    {
        if (_open.TryGetValue(strike.Task, out var open))
        {
            var death = new Strike(strike.Epoch, strike.Number);
            if (!open.Strikes.Contains(death))
            {
                open.Strikes = [.. open.Strikes, death];
                effects.Add(LedgerEffect.WriteStrikes(strike.Task, [.. open.Strikes]));
            }

            if (open.Strikes.Count >= StrikesToPoison)
            {
                Settle(open, Settlement.OfLedger(Outcome.Poisoned, $"{open.Strikes.Count} workers died of it."), nowMs, effects);
            }
        }

        if (_open.ContainsKey(strike.Task)) effects.Add(LedgerEffect.SendOnceDurable(strike.From, new Message(MessageKind.StrikeCounted, _self, strike.Task, strike.Epoch, strike.Number)));
        else AnswerAlreadySettled(strike, effects);
    }

    private void Settle(LedgerTask task, Settlement settlement, long nowMs, EffectBuffer<LedgerEffect> effects)
    {
        var id = task.Spec.Id;
        Invariant.Holds(_open.Remove(id) && !_settled.ContainsKey(id), "settled a task twice");
        SettledCount++;
        _announcements.End(task);
        if (task.Spec.DeadlineMs != long.MaxValue) ForgetDeadline();
        var settled = task.Spec.KeepResultMs > 0 ? SettledTask.Of(task, settlement, nowMs, _keepsContent) : null;
        effects.Add(LedgerEffect.WriteSettlement(id, settlement, nowMs, (object?)settled ?? task));
        if (task.Watcher is { } watcher) effects.Add(LedgerEffect.Complete(id, watcher, settlement, nowMs));
        Tell(task, null, effects);
        if (_leader is not null) effects.Add(LedgerEffect.SendOnceDurable(_leader, new Message(MessageKind.TaskSettled, _self, id, settlement.Epoch, settlement.Iterations)));
        if (task.IsLent && settlement.Node is null) effects.Add(LedgerEffect.SendOnceDurable(_self, new Message(MessageKind.Answered, _self, id, Number: (long)Verdict.Settled)));      // no leader may be there to revoke it
        task.Watcher = null;
        if (settled is null)
        {
            Purge(id, task.Spec.Class, task.Spec.IdempotencyKey, isEarly: false, effects);
            return;
        }

        _settled[id] = settled;
        _retention.Enqueue(id, nowMs + settled.KeepResultMs);
    }

    private void Forget(TaskId task, bool isEarly, EffectBuffer<LedgerEffect> effects)
    {
        if (_settled.Remove(task, out var settled)) Purge(task, settled.Class, settled.IdempotencyKey, isEarly, effects);
    }

    private void Purge(TaskId task, ClassKey @class, string? idempotencyKey, bool isEarly, EffectBuffer<LedgerEffect> effects)
    {
        if (idempotencyKey is { } name) _keys.Remove(new(@class.Name, name));
        effects.Add(LedgerEffect.Purge(task, isEarly));
    }

    private void Announce(long nowMs, EffectBuffer<LedgerEffect> effects)
    {
        if (_leader is null) return;
        while (_announcements.TryTake(nowMs, out var task)) effects.Add(LedgerEffect.Send(_leader, Announcing(task, nowMs)));
    }

    /// <summary>A leader elsewhere may have been replaced without our hearing of it: it answers a greeting in another term, or to another start of it, than its own.</summary>
    private void Greet(long nowMs, EffectBuffer<LedgerEffect> effects)
    {
        _greetDueMs = long.MaxValue;
        if (_leader is null || _leader.Node == _self.Node) return;
        _greetDueMs = nowMs + GreetEveryMs;
        effects.Add(LedgerEffect.Send(_leader, new Message(MessageKind.Greet, _self, TaskId.Create(0, 0, _ledger), new Epoch(_term.Generation, _term.Number, 0), (long)_leader.Incarnation.Value)));
    }

    /// <summary>Somebody still works on what is settled, or long purged: the node hears it, and so does the leader, which would hand it out again.</summary>
    private void AnswerAlreadySettled(in Message asked, EffectBuffer<LedgerEffect> effects)
    {
        effects.Add(LedgerEffect.SendOnceDurable(asked.From, new Message(MessageKind.Answered, _self, asked.Task, asked.Epoch, (long)Verdict.AlreadySettled)));
        if (_leader is not null) effects.Add(LedgerEffect.SendOnceDurable(_leader, new Message(MessageKind.TaskSettled, _self, asked.Task)));
    }

    private Message Announcing(LedgerTask task, long nowMs) =>
        new(MessageKind.Announce, _self, task.Spec.Id, Number: Announcement.At(nowMs, (task.Watched ? Announcement.Watched : 0) | (task.IsKnownBefore ? Announcement.KnownBefore : 0) | (task.IsLent ? Announcement.Lent : 0)), Body: task.Spec);

    /// <summary>The heap keeps the deadlines of settled tasks until they pass, or until they outnumber the others: then it is made anew, in constant time a task.</summary>
    private void ForgetDeadline()
    {
        if (++_staleDeadlines < FewestStaleDeadlines || _staleDeadlines * 2 < _deadlines.Count) return;
        var live = _deadlines.UnorderedItems.Where(item => _open.ContainsKey(item.Element)).ToArray();
        _deadlines.Clear();
        _deadlines.EnqueueRange(live);
        _staleDeadlines = 0;
    }

    private void WatchDeadline(TaskSpec spec)
    {
        if (spec.DeadlineMs != long.MaxValue) _deadlines.Enqueue(spec.Id, spec.DeadlineMs);
    }

    private readonly record struct IdempotencyKey(string Class, string Key);
}
