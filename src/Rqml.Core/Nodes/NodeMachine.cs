using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Queues;

namespace Rqml.Nodes;

/// <summary>
/// Decides what a node runs: takes attempts into the inbound queue, gives lanes to the most important ones, keeps what is being refined in the
/// refinement queue while it waits, and holds each finished result in the outbound queue until its ledger has answered.
/// </summary>
internal sealed class NodeMachine : IMachine<NodeEvent, NodeEffect>
{
    private const long OfferRetryMs = 1_000;

    private readonly Peer _self;
    private readonly NodeSettings _settings;
    private readonly Dictionary<TaskId, NodeAttempt> _attempts = [];
    private readonly Dictionary<TaskId, Outbound> _outbound = [];
    private readonly TaskQueue<NodeAttempt> _inbound;
    private readonly TaskQueue<NodeAttempt> _refining;
    private readonly ObeyedEpochs _obeyed = new();
    private readonly List<NodeAttempt> _running = [];
    private Term _term;
    private Peer? _leader;
    private bool _draining;
    private long _heartbeatDueMs;
    private long _offerDueMs = long.MaxValue;

    public NodeMachine(Peer self, NodeSettings settings)
    {
        _self = self;
        _settings = settings;
        _inbound = new TaskQueue<NodeAttempt>(settings.Limit * 2, settings.AgeEveryMs);
        _refining = new TaskQueue<NodeAttempt>(settings.Limit * 2, settings.AgeEveryMs);
    }

    /// <summary>Fills in what only the shell can measure.</summary>
    public Func<int, int, NodeLoad>? MeasureLoad { get; set; }

    public int RunningCount => _running.Count;

    public int HeldCount => _attempts.Count;

    public int OutboundCount => _outbound.Count;

    public QueueStatistics InboundStatistics(long nowMs) => _inbound.Statistics(nowMs);

    public QueueStatistics RefiningStatistics(long nowMs) => _refining.Statistics(nowMs);

    public IReadOnlyList<NodeAttempt> Running => _running;

    public bool IsDraining => _draining;

    public Term Term => _term;

    public long NextDueMs => Math.Min(Math.Min(_heartbeatDueMs, _offerDueMs), Math.Min(_refining.NextDueMs ?? long.MaxValue, _inbound.NextDueMs ?? long.MaxValue));

    /// <summary>Takes back what the disk holds, before the first step.</summary>
    public void Restore(Term obeyed, IEnumerable<NodeAttempt> attempts, IEnumerable<Outbound> outbound)
    {
        _term = obeyed;
        foreach (var entry in outbound) _outbound[entry.Attempt.Task] = entry;
        foreach (var attempt in attempts)
        {
            if (_outbound.ContainsKey(attempt.Attempt.Task)) continue;
            attempt.ResumedAt = attempt.Resume.Iteration;
            attempt.State = attempt.Spec.PartitionKey is null ? AttemptState.Waiting : AttemptState.AwaitingAdoption;
            _attempts[attempt.Attempt.Task] = attempt;
            if (attempt.State == AttemptState.Waiting) Requeue(attempt, 0);
        }

        if (_outbound.Count > 0) _offerDueMs = 0;
    }

    public void Step(in NodeEvent @event, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        switch (@event.Kind)
        {
            case NodeEventKind.Message:
                Hear(@event.Message, nowMs, effects);
                break;
            case NodeEventKind.Leader:
                Follow(@event.Leader, @event.Term, nowMs, effects);
                break;
            case NodeEventKind.RunEnded:
                EndRun(@event, nowMs, effects);
                break;
            case NodeEventKind.Drain:
                _draining = true;
                Report(nowMs, effects);
                break;
        }

        FillLanes(nowMs, effects);
        if (_draining && _running.Count == 0) effects.Add(NodeEffect.Drained());
    }

    public void Tick(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (_heartbeatDueMs <= nowMs) Report(nowMs, effects);
        if (_offerDueMs <= nowMs) OfferAgain(nowMs, effects);
        _inbound.Advance(nowMs);      // also with no lane free: what is due would be due again at once, without end
        _refining.Advance(nowMs);
        FillLanes(nowMs, effects);
    }

    private void Hear(in Message message, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        switch (message.Kind)
        {
            case MessageKind.Assign:
                Take(message, nowMs, effects);
                break;
            case MessageKind.Revoke:
                if (_attempts.TryGetValue(message.Task, out var revoked) && revoked.Attempt.Epoch <= message.Epoch) Drop(revoked, effects);
                break;
            case MessageKind.Welcome:
                Follow(message.From, new Term(message.Epoch.Generation, message.Epoch.Term), nowMs, effects);
                break;
            case MessageKind.Answered:
                Forget(message.Task, effects);
                break;
            case MessageKind.StrikeCounted:
                if (_attempts.TryGetValue(message.Task, out var struck) && struck.State == AttemptState.AwaitingStrike && struck.Run == message.Number) Requeue(struck, nowMs);
                break;
            case MessageKind.WatchAttempt:
                if (_attempts.TryGetValue(message.Task, out var watched))
                {
                    watched.Watched = true;
                    effects.Add(NodeEffect.WatchRun(watched));
                }

                break;
        }
    }

    /// <summary>Obeys a command that is addressed to this start of the node, of the term that it obeys, and that it has not obeyed before.</summary>
    private void Take(in Message message, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        var assignment = (Assignment)message.Body!;
        var attempt = new Attempt(message.Task, message.Epoch);
        if (Refusal(message, assignment) is { } reason)
        {
            effects.Add(NodeEffect.Send(message.From, new Message(MessageKind.Refused, _self, message.Task, message.Epoch, (long)reason)));
            return;
        }

        if (_outbound.ContainsKey(message.Task)) return;      // finished here: its result is on its way
        if (_attempts.TryGetValue(message.Task, out var held))
        {
            if (held.Attempt.Epoch == message.Epoch)
            {
                held.Ledger = assignment.Ledger;
                if (held.State == AttemptState.AwaitingAdoption) Requeue(held, nowMs);
                return;
            }

            if (held.Attempt.Epoch > message.Epoch) return;
        }

        if (!_obeyed.TryObey(message.Epoch))
        {
            effects.Add(NodeEffect.Send(message.From, new Message(MessageKind.Refused, _self, message.Task, message.Epoch, (long)RefusalReason.NotHeld)));
            return;
        }

        var taken = new NodeAttempt(attempt, assignment.Spec, assignment.Ledger) { Watched = assignment.Watched };
        if (held is not null)
        {
            taken.Resume = held.Resume;
            taken.ResumedAt = held.Resume.Iteration;
            Stop(held, effects);
        }

        _attempts[message.Task] = taken;
        effects.Add(NodeEffect.WriteAttempt(taken));
        var queued = _inbound.TryEnqueue(taken, Ticket(taken, nowMs, assignment.Spec.NotBeforeMs));
        Invariant.Holds(queued, "the inbound queue had less room than the node's limit");
    }

    private RefusalReason? Refusal(in Message message, Assignment assignment)
    {
        if (assignment.To != _self.Incarnation) return RefusalReason.OtherIncarnation;
        if (new Term(message.Epoch.Generation, message.Epoch.Term) > _term && message.Epoch.Term != 0) return RefusalReason.StaleEpoch;
        if (_term > new Term(message.Epoch.Generation, message.Epoch.Term) && !_attempts.ContainsKey(message.Task)) return RefusalReason.StaleEpoch;
        if (_draining) return RefusalReason.Draining;
        if (!_settings.Classes.Contains(assignment.Spec.Class)) return RefusalReason.UnknownClass;
        return _attempts.Count >= _settings.Limit * 2 && !_attempts.ContainsKey(message.Task) ? RefusalReason.Full : null;
    }

    /// <summary>Obeys the highest term it has heard of, durably. A leader that was named by address alone is reported to, and says its term itself.</summary>
    private void Follow(Peer? leader, Term term, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (term < _term && term != Term.None) return;
        if (term > _term)
        {
            _term = term;
            effects.Add(NodeEffect.WriteTerm(term));
        }

        _leader = leader;
        Report(nowMs, effects);
    }

    /// <summary>Gives free lanes to whatever is most important: of the two queues the one whose head has the higher priority, refinement first among equals.</summary>
    private void FillLanes(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        while (_running.Count < _settings.Lanes && !_draining)
        {
            var hasRefining = _refining.TryPeekPriority(nowMs, out var refining);
            var hasInbound = _inbound.TryPeekPriority(nowMs, out var inbound);
            var queue = hasRefining && (!hasInbound || refining >= inbound) ? _refining : _inbound;
            if (!queue.TryDequeue(nowMs, out var next)) return;
            Start(next, effects);
        }

        YieldIfOutranked(nowMs, effects);
    }

    private void Start(NodeAttempt attempt, EffectBuffer<NodeEffect> effects)
    {
        attempt.State = AttemptState.Running;
        attempt.Run++;
        _running.Add(attempt);
        effects.Add(NodeEffect.StartRun(attempt));
    }

    /// <summary>The least important running task is asked to give its lane at its next boundary where something more important waits.</summary>
    private void YieldIfOutranked(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (_running.Count == 0 || !_inbound.TryPeekPriority(nowMs, out var waiting)) return;
        var least = _running[0];
        foreach (var attempt in _running)
        {
            if (attempt.Spec.Priority < least.Spec.Priority) least = attempt;
        }

        if (least.Spec.Priority < waiting) effects.Add(NodeEffect.YieldRun(least));
    }

    private void EndRun(in NodeEvent ended, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        var attempt = ended.Attempt!;
        if (attempt.Run != ended.Run || attempt.State != AttemptState.Running) return;      // a run that was given up long ago
        _running.Remove(attempt);
        if (ended.Snapshot is { } snapshot) attempt.Resume = snapshot;
        attempt.State = AttemptState.Waiting;
        if (!ReferenceEquals(_attempts.GetValueOrDefault(attempt.Attempt.Task), attempt)) return;      // revoked meanwhile
        switch (ended.Ending)
        {
            case RunEnding.Finished:
                Finish(attempt, (Settlement)ended.Body!, nowMs, effects);
                break;
            case RunEnding.Yielded:
                Requeue(attempt, nowMs);
                break;
            case RunEnding.Pausing:
                attempt.RetryMs = nowMs + ended.Number;
                Requeue(attempt, nowMs);
                break;
            case RunEnding.WorkerDied:
                attempt.ResumedAt = attempt.Resume.Iteration;
                attempt.State = AttemptState.AwaitingStrike;
                SendStrike(attempt, effects);
                _offerDueMs = Math.Min(_offerDueMs, nowMs + OfferRetryMs);
                break;
            case RunEnding.Stopped:
                if (!_draining) Requeue(attempt, nowMs);
                break;
        }
    }

    private void Finish(NodeAttempt attempt, Settlement result, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        _attempts.Remove(attempt.Attempt.Task);
        var outbound = new Outbound(attempt.Attempt, attempt.Ledger, result);
        _outbound.Add(attempt.Attempt.Task, outbound);
        effects.Add(NodeEffect.WriteOutbound(outbound));
        Offer(outbound, effects);
        _offerDueMs = Math.Min(_offerDueMs, nowMs + OfferRetryMs);
    }

    private void Offer(Outbound outbound, EffectBuffer<NodeEffect> effects) =>
        effects.Add(NodeEffect.SendOnceDurable(outbound.Ledger, new Message(MessageKind.Result, _self, outbound.Attempt.Task, outbound.Attempt.Epoch, 0, outbound.Result)));

    private void OfferAgain(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        foreach (var outbound in _outbound.Values) Offer(outbound, effects);
        var striking = false;
        foreach (var attempt in _attempts.Values)
        {
            if (attempt.State != AttemptState.AwaitingStrike) continue;
            striking = true;
            SendStrike(attempt, effects);
        }

        _offerDueMs = _outbound.Count > 0 || striking ? nowMs + OfferRetryMs : long.MaxValue;
    }

    private void SendStrike(NodeAttempt attempt, EffectBuffer<NodeEffect> effects) =>
        effects.Add(NodeEffect.Send(attempt.Ledger, new Message(MessageKind.Strike, _self, attempt.Attempt.Task, attempt.Attempt.Epoch, attempt.Run)));

    /// <summary>The ledger has it durably: nothing of the task is needed here any more.</summary>
    private void Forget(TaskId task, EffectBuffer<NodeEffect> effects)
    {
        if (_outbound.Remove(task)) effects.Add(NodeEffect.DropTask(task));
        if (_attempts.TryGetValue(task, out var attempt)) Drop(attempt, effects);
    }

    private void Drop(NodeAttempt attempt, EffectBuffer<NodeEffect> effects)
    {
        _attempts.Remove(attempt.Attempt.Task);
        Stop(attempt, effects);
        effects.Add(NodeEffect.DropTask(attempt.Attempt.Task));
    }

    private void Stop(NodeAttempt attempt, EffectBuffer<NodeEffect> effects)
    {
        if (attempt.State == AttemptState.Running)
        {
            effects.Add(NodeEffect.StopRun(attempt));
            return;      // it keeps its lane until it has ended
        }

        _ = _inbound.Remove(attempt.Attempt.Task) || _refining.Remove(attempt.Attempt.Task);
    }

    private void Requeue(NodeAttempt attempt, long nowMs)
    {
        attempt.State = AttemptState.Waiting;
        _refining.Requeue(attempt, Ticket(attempt, nowMs, attempt.RetryMs));
    }

    private void Report(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        _heartbeatDueMs = nowMs + _settings.HeartbeatMs;
        if (_leader is null) return;
        var held = new List<HeldAttempt>(_attempts.Count + _outbound.Count);
        foreach (var attempt in _attempts.Values) held.Add(new HeldAttempt(attempt.Attempt, attempt.Resume.Iteration, attempt.ResumedAt > 0));
        foreach (var outbound in _outbound.Values) held.Add(new HeldAttempt(outbound.Attempt, outbound.Result.Iterations, false));
        var report = new NodeReport
        {
            Term = _term,
            Classes = _settings.Classes,
            Limit = _settings.Limit,
            Draining = _draining,
            Load = MeasureLoad?.Invoke(_running.Count, _attempts.Count - _running.Count) ?? new NodeLoad(_settings.Lanes, _running.Count, _attempts.Count - _running.Count, 0, NodeSettings.NoDevices, 0),
            Held = held,
        };
        effects.Add(NodeEffect.SendOnceDurable(_leader, new Message(MessageKind.Report, _self, Body: report)));
    }

    private static QueueTicket Ticket(NodeAttempt attempt, long nowMs, long notBeforeMs) => new()
    {
        Task = attempt.Attempt.Task,
        Class = attempt.Spec.Class.Name,
        Priority = attempt.Spec.Priority,
        Difficulty = double.IsNaN(attempt.Spec.Difficulty) ? 0.5 : attempt.Spec.Difficulty,
        EnqueuedMs = nowMs,
        NotBeforeMs = notBeforeMs,
    };
}

/// <summary>What the host says of a node. Immutable.</summary>
internal sealed record NodeSettings
{
    public static IReadOnlyDictionary<string, int> NoDevices { get; } = new Dictionary<string, int>();

    public required int Lanes { get; init; }

    /// <summary>Attempts at most: lanes and inbound window.</summary>
    public required int Limit { get; init; }

    public required IReadOnlyList<ClassKey> Classes { get; init; }

    public long HeartbeatMs { get; init; } = 1_000;

    public long AgeEveryMs { get; init; } = 30_000;
}
