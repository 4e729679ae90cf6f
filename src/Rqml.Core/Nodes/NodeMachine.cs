using System.Text;
using Rqml.Checkpoints;
using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Queues;
using Rqml.Supervision;
using Rqml.Supervision.Votes;

namespace Rqml.Nodes;

/// <summary>
/// Decides what a node runs: takes attempts into the inbound queue, gives lanes to the most important ones, keeps what is being refined in the
/// refinement queue while it waits, and holds each finished result in the outbound queue until its ledger has answered.
/// </summary>
internal sealed class NodeMachine : IMachine<NodeEvent, NodeEffect>
{
    private const long JoinEveryMs = 100;

    private readonly NodeSettings _settings;
    private readonly Obedience _obedience;
    private readonly AttemptTable _attempts;
    private readonly LaneGroups _lanes;
    private readonly OutboundQueue _outbound;
    private readonly BallotDesk _ballots;
    private readonly AwaitedWords _words = new();
    private readonly Solitude _solitude;
    private readonly List<NodeAttempt> _unwritten = [];
    private Peer? _leader;
    private bool _draining;        // what runs gives its lane up: the host stops
    private bool _emptying;        // what has begun is finished: an operator wants it so
    private long _turns;           // how often it has come to take nothing new, or to take work again
    private bool _isWelcome;
    private long _heartbeatDueMs;

    public NodeMachine(Peer self, NodeSettings settings)
    {
        _settings = settings;
        _obedience = new Obedience(self, settings);
        _solitude = new Solitude(settings);
        _ballots = new BallotDesk(settings);
        _lanes = new LaneGroups(settings, _ballots);
        _attempts = new AttemptTable(_lanes, _words);
        _outbound = new OutboundQueue(self, settings.KeepUndeliveredMs, settings.MaxUndeliveredBytes);
    }

    /// <summary>Fills in what only the shell can measure.</summary>
    public Func<LoadSeen, NodeLoad>? MeasureLoad { get; set; }

    /// <summary>For attempts of the tasks of the ledger in our own process, where there is one: given while nobody leads.</summary>
    public SelfAttempts? Own { get => _solitude.Own; init => _solitude.Own = value; }

    /// <summary>Told of each task that came with a checkpoint of another node.</summary>
    public Action<TaskId>? Brought { get; set; }

    /// <summary>Told of each task whose result its ledger has durably.</summary>
    public Action<TaskId>? Answered { get; set; }

    public Peer Self => _obedience.Self;

    public int RunningCount => _lanes.RunningCount;

    /// <summary>Unfinished attempts that were dropped as their task was settled or is elsewhere.</summary>
    public long Superseded => _attempts.Superseded;

    public int HeldCount => _attempts.Count;

    public IEnumerable<TaskId> Held => _attempts.Tasks;

    public IEnumerable<NodeAttempt> Attempts => _attempts.All;

    public bool Holds(TaskId task) => _attempts.Contains(task) || _outbound.Contains(task);

    public int StrikingCount => _attempts.All.Count(attempt => attempt.State == AttemptState.AwaitingStrike);

    public int OutboundCount => _outbound.Count;

    public QueueStatistics InboundStatistics(long nowMs) => _lanes.InboundStatistics(nowMs);

    public QueueStatistics RefiningStatistics(long nowMs) => _lanes.RefiningStatistics(nowMs);

    public NodeAttempt? Find(TaskId task) => _attempts.Find(task);

    /// <summary>What was found on the disk and looks otherwise since: written with the first tick, and after an end in order before it.</summary>
    public IReadOnlyList<NodeAttempt> Unwritten => _unwritten;

    public IEnumerable<NodeAttempt> Running => _lanes.Running;

    public NodePhase Phase
    {
        get
        {
            if (TakesNothing) return NodePhase.Draining;
            if (!_isWelcome) return IsAlone ? NodePhase.Degraded : NodePhase.Joining;
            return _solitude.IsCutOff ? NodePhase.Degraded : NodePhase.Active;
        }
    }

    private bool TakesNothing => _draining || _emptying;

    public Term Term => _obedience.Term;

    /// <summary>Whether it has heard of no leader for so long that it gives itself new tasks of the ledger in its own process.</summary>
    public bool IsAlone => _solitude.IsAlone;

    /// <summary>When it last heard of a leader, or came up.</summary>
    public long LeaderHeardMs => _solitude.LeaderHeardMs ?? 0;

    /// <summary>Whom it reports to; null before it has heard of anybody.</summary>
    public Peer? Leader => _leader;

    public long NextDueMs => Math.Min(Math.Min(Math.Min(_heartbeatDueMs, _words.NextDueMs), Math.Min(_solitude.NextDueMs, _outbound.NextDueMs)), _lanes.NextDueMs);

    /// <summary>Takes back what the disk holds, before the first step.</summary>
    /// <param name="obeyed">The highest term that this node ever obeyed.</param>
    /// <param name="attempts">Unfinished attempts, each with its newest checkpoint that is whole.</param>
    /// <param name="outbound">Results that no ledger has answered.</param>
    /// <param name="endedInOrder">Whether the node was stopped, rather than killed by something, perhaps one of the attempts.</param>
    public void Restore(Term obeyed, IEnumerable<NodeAttempt> attempts, IEnumerable<Outbound> outbound, bool endedInOrder)
    {
        _obedience.Restore(obeyed);
        foreach (var result in outbound) _outbound.Restore(result);
        foreach (var attempt in attempts)
        {
            if (_outbound.Contains(attempt.Attempt.Task)) continue;
            _attempts.Restore(attempt);
            if (endedInOrder) attempt.Alone = null;
            else attempt.Suspicion = attempt.Suspicion.After(attempt.Resume.Iteration);
            _unwritten.Add(attempt);
            _words.Doubt(attempt, 0);
            if (!_settings.Serves(attempt.Spec.Class))
            {
                _words.AwaitServing(attempt);
            }
            else if (attempt.Alone is { } died)
            {
                _words.AwaitStrike(attempt, died);
            }
            else if (attempt.Spec.PartitionKey is not null)
            {
                _words.AwaitAdoption(attempt, 0);
            }
            else
            {
                _lanes.Requeue(attempt, 0);
            }
        }
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
            case NodeEventKind.Voted:
                BallotDesk.End(@event.Ballot!, (Ballot)@event.Body!, Self, effects);
                break;
            case NodeEventKind.Lent:
                TakeLent(@event.Tasks!, nowMs, effects);
                break;
            case NodeEventKind.Drain when !_draining:
                Drain(nowMs, effects);
                break;
        }

        FillLanes(nowMs, effects);
        if (_draining && _lanes is { RunningCount: 0, Voting: 0 }) effects.Add(NodeEffect.Drained());
    }

    public void Tick(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        foreach (var attempt in _unwritten) effects.Add(NodeEffect.WriteAttempt(attempt));
        _unwritten.Clear();
        if (_heartbeatDueMs <= nowMs) Report(nowMs, effects);
        if (_words.NextDueMs <= nowMs) _words.Ask(_attempts.All, Self, _leader, nowMs, effects);
        if (_solitude.NextDueMs <= nowMs) _solitude.Borrow(_attempts.Tasks, _outbound.Results, nowMs, effects);
        _outbound.Tick(nowMs, effects);
        _lanes.Advance(nowMs);
        FillLanes(nowMs, effects);
    }

    /// <summary>All that later decisions go by, for explorations that tell states apart.</summary>
    public string Describe()
    {
        var text = new StringBuilder();
        text.Append(Self.Incarnation).Append(' ').Append(Term).Append(_leader?.Node).Append($" {_draining} {_emptying} {_isWelcome} {_solitude.IsCutOff} {IsAlone} {_solitude.LeaderHeardMs} {_heartbeatDueMs} {_words.NextDueMs} {_solitude.NextDueMs} {_outbound.NextDueMs} {Own?.Count} ").Append(_obedience.Describe());
        foreach (var attempt in _attempts.All) Describe(attempt, text.Append(';'));
        foreach (var running in Running) Describe(running, text.Append(";on a lane "));
        _lanes.DescribeSuspects(text);
        foreach (var unwritten in _unwritten) text.Append(";unwritten ").Append(unwritten.Attempt);
        foreach (var result in _outbound.Results) text.Append(";outbound ").Append(result.Attempt);
        return text.ToString();
    }

    private static void Describe(NodeAttempt attempt, StringBuilder text) => text.Append(
        $"{attempt.Attempt} {attempt.State} {attempt.Run} {attempt.StrikeRun} {attempt.Resume.Iteration} {attempt.ResumedAt} {attempt.RetryMs} {attempt.EndMs} {attempt.Watched} {attempt.Suspicion} {attempt.Alone} {attempt.IsFenced} {attempt.IsInDoubt} {attempt.IsDropped}");

    private void Hear(in Message message, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        switch (message.Kind)
        {
            case MessageKind.Assign:
                Take(message, nowMs, effects);
                break;
            case MessageKind.Revoke:
                if (_attempts.Find(message.Task) is { } revoked && revoked.Attempt.Epoch <= message.Epoch) _attempts.Supersede(revoked, effects);
                break;
            case MessageKind.Welcome:
                Follow(message.From, new Term(message.Epoch.Generation, message.Epoch.Term), nowMs, effects);
                break;
            case MessageKind.Heard:
                if (new Term(message.Epoch.Generation, message.Epoch.Term) == Term) _solitude.HearLeader(nowMs);
                break;
            case MessageKind.Fenced:
                if ((ulong)message.Number == Self.Incarnation.Value) BeginAnew(nowMs, effects);
                break;
            case MessageKind.Drain or MessageKind.Resume:
                Obey(message, nowMs, effects);
                break;
            case MessageKind.ReleaseAttempt:
                if (_attempts.Find(message.Task) is { } released && released.Attempt.Epoch == message.Epoch) Clear(released, nowMs, effects);
                break;
            case MessageKind.Answered:
                Forget(message.Task, effects);
                break;
            case MessageKind.StrikeCounted:
                if (_attempts.Find(message.Task) is { } struck && AwaitedWords.IsCounted(struck, message))
                {
                    if (struck.IsFenced) _words.AwaitAdoption(struck, nowMs);
                    else _lanes.Requeue(struck, nowMs);
                }

                break;
            case MessageKind.VoteClosed:
                if (_attempts.Find(message.Task) is { } voted && AwaitedWords.IsClosed(voted, message))
                {
                    voted.Tally = (VoteResult)message.Body!;
                    voted.Vote = null;
                    _lanes.Requeue(voted, nowMs);
                }

                break;
            case MessageKind.ExplainAttempt:
                if (_attempts.Find(message.Task) is { } explained) effects.Add(NodeEffect.TellStory(explained));
                break;
            case MessageKind.AskBallot:
                _ballots.Take(message, Self, _draining, nowMs, effects);
                break;
            case MessageKind.WatchAttempt:
                if (_attempts.Find(message.Task) is { } watched)
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
        if (Refusal(assignment) is { } reason)
        {
            // The task goes elsewhere under another epoch: a late duplicate of this one must find it used, though there be room by then.
            if (_obedience.WhyStale(assignment.To, assignment.Term) is null) _ = _obedience.TryObey(message.Epoch);
            _obedience.Refuse(message, reason, effects);
            return;
        }

        if (_outbound.Contains(message.Task)) return;      // finished here: its result is on its way
        var held = _attempts.Find(message.Task);
        if (held?.Attempt.Epoch == message.Epoch)
        {
            held.Follow(assignment.Ledger);
            held.EndMs = NodeAttempt.EndOf(assignment.RemainingMs, nowMs);
            held.Suspicion = Suspicion.Graver(held.Suspicion, assignment.Suspicion);
            held.IsFenced = false;
            held.IsInDoubt = false;
            held.Difficulty = assignment.Difficulty;
            if (held.State == AttemptState.AwaitingAdoption) _lanes.Requeue(held, nowMs);
            return;
        }

        if (held?.Attempt.Epoch > message.Epoch) return;
        if (assignment.Adopted || !_obedience.TryObey(message.Epoch))
        {
            _obedience.Refuse(message, RefusalReason.NotHeld, effects);
            return;
        }

        var stored = new StoredAttempt(new Attempt(message.Task, message.Epoch), assignment.Spec, assignment.Ledger, assignment.Suspicion, null);
        var taken = new NodeAttempt(stored) { Watched = assignment.Watched, EndMs = NodeAttempt.EndOf(assignment.RemainingMs, nowMs), Difficulty = assignment.Difficulty };
        if (assignment.Checkpoint is { } left)
        {
            Brought?.Invoke(message.Task);
            if (InlineCheckpoint.Read(left, message.Task) is { } snapshot) taken.GoOnFrom(snapshot);
        }

        if (held is not null) _attempts.GiveWay(held, taken, effects);
        _attempts.Add(taken, nowMs, effects);
    }

    /// <summary>Takes tasks of our own process's ledger while nobody leads.</summary>
    private void TakeLent(IReadOnlyList<LentTask> lent, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (!IsAlone || TakesNothing) return;
        foreach (var task in lent)
        {
            if (_attempts.Count >= _settings.Limit || Holds(task.Spec.Id) || _solitude.Take(task, Term, nowMs, effects) is not { } taken) continue;
            _attempts.Add(taken, nowMs, effects);
        }
    }

    private RefusalReason? Refusal(Assignment assignment)
    {
        if (_obedience.WhyStale(assignment.To, assignment.Term) is { } stale) return stale;
        var isHeld = _attempts.Contains(assignment.Spec.Id);
        if (TakesNothing && !isHeld) return RefusalReason.Draining;
        if (!_settings.Serves(assignment.Spec.Class)) return RefusalReason.UnknownClass;
        return _attempts.Count >= _settings.Limit * 2 && !isHeld ? RefusalReason.Full : null;
    }

    /// <summary>Obeys the highest term it has heard of, durably. A leader that was named by address alone is reported to, and says its term itself.</summary>
    private void Follow(Peer? leader, Term term, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (term < Term && term != Term.None) return;
        _solitude.HearLeader(nowMs);
        var (isNew, isOfRestoredStore) = (term > Term, _obedience.IsOfRestoredStore(term));
        _obedience.Follow(term, effects);
        _leader = leader;
        _isWelcome = term != Term.None;

        if (isOfRestoredStore)
        {
            BeginAnew(nowMs, effects);
            return;
        }

        if (isNew) DoubtAll(nowMs);
        Report(nowMs, effects);
    }

    /// <summary>
    /// While we were silent we were fenced, and what we held went elsewhere. We come back as a new start of this node, holding what we still hold: as after
    /// a reboot, but without one. What has a partition key first waits to be adopted.
    /// </summary>
    private void BeginAnew(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        _obedience.BeginAnew();
        _attempts.BeginAnew(nowMs, effects);
        DoubtAll(nowMs);
        Report(nowMs, effects);
    }

    private void DoubtAll(long nowMs)
    {
        foreach (var attempt in _attempts.All) _words.Doubt(attempt, nowMs);
    }

    /// <summary>
    /// Takes nothing new: what runs gives its lane up at its next boundary, and what has not begun goes back to the scheduler. The rest is on our disk.
    /// </summary>
    private void Drain(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        _draining = true;
        _turns++;
        _ballots.Dismiss(Self, effects);
        GiveBack(nowMs, effects);
    }

    /// <summary>An operator's wish, which whoever leads has passed on: obeyed as an assignment is, by the start that it is addressed to, in the term that it is of.</summary>
    private void Obey(in Message command, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (_obedience.WhyStale(new Incarnation((ulong)command.Number), new Term(command.Epoch.Generation, command.Epoch.Term)) is { } reason)
        {
            _obedience.Refuse(command, reason, effects);
            return;
        }

        var isNew = _emptying != (command.Kind == MessageKind.Drain);
        _emptying = command.Kind == MessageKind.Drain;
        if (!isNew) return;
        _turns++;
        if (_emptying) GiveBack(nowMs, effects);
        else Report(nowMs, effects);
    }

    /// <summary>An operator takes it for innocent: it runs beside others again.</summary>
    private void Clear(NodeAttempt attempt, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (attempt.Suspicion == Suspicion.None) return;
        attempt.Suspicion = Suspicion.None;
        effects.Add(NodeEffect.WriteAttempt(attempt));
        _lanes.Clear(attempt, nowMs);
        Report(nowMs, effects);
    }

    /// <summary>What has not begun goes back to the scheduler, which hears that we take nothing new.</summary>
    private void GiveBack(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        _solitude.End();
        foreach (var attempt in _attempts.All.Where(HasNotBegun).ToArray())
        {
            if (_leader is not null) effects.Add(NodeEffect.Send(_leader, new Message(MessageKind.Refused, Self, attempt.Attempt.Task, attempt.Attempt.Epoch, (long)RefusalReason.Draining)));
            _attempts.Drop(attempt, effects);
        }

        Report(nowMs, effects);
    }

    private static bool HasNotBegun(NodeAttempt attempt) => attempt is { State: AttemptState.Waiting, Run: 0, Resume.Iteration: 0 };

    private void FillLanes(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (_draining) _lanes.YieldAll(effects);      // again and again: one whose start waited for the disk did not hear it
        else _lanes.Fill(Self.Incarnation, nowMs, effects);
    }

    private void EndRun(in NodeEvent ended, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        var attempt = ended.Attempt!;
        if (attempt.Run != ended.Run || attempt.State != AttemptState.Running) return;      // a run that was given up long ago
        _lanes.End(attempt);
        _solitude.MakeRoom(_attempts.Count, nowMs);
        if (ended.Snapshot is { } snapshot) attempt.Resume = snapshot;
        attempt.State = AttemptState.Waiting;
        if (attempt.IsDropped)
        {
            _attempts.PassOn(attempt, nowMs);
            return;
        }

        if (attempt.Alone is not null)
        {
            attempt.Alone = null;      // the node has outlived it
            attempt.Suspicion = attempt.Suspicion.At(attempt.Resume.Iteration);
            effects.Add(NodeEffect.WriteAttempt(attempt));
        }

        if (attempt.IsFenced && ended.Ending is RunEnding.Yielded or RunEnding.Pausing or RunEnding.Stopped or RunEnding.AwaitingVote)
        {
            _words.AwaitAdoption(attempt, nowMs);
            return;
        }

        switch (ended.Ending)
        {
            case RunEnding.Finished:
                _attempts.Finish(attempt);
                _outbound.Add(new Outbound(attempt.Attempt, attempt.Ledger, (Settlement)ended.Body!, attempt.Spec.PartitionKey), nowMs, effects);
                break;
            case RunEnding.Yielded:
                _lanes.Requeue(attempt, nowMs);
                break;
            case RunEnding.Pausing:
                attempt.RetryMs = nowMs + ended.Number;
                _lanes.Requeue(attempt, nowMs);
                break;
            case RunEnding.WorkerDied:
                attempt.ResumedAt = attempt.Resume.Iteration;
                _words.AwaitStrike(attempt, Self, nowMs, effects);
                break;
            case RunEnding.AwaitingVote:
                _words.AwaitVote(attempt, (VoteCall)ended.Body!, Self, _leader, nowMs, effects);
                break;
            case RunEnding.Stopped:
                if (!_draining) _lanes.Requeue(attempt, nowMs);
                break;
        }
    }

    /// <summary>The ledger has it durably: nothing of the task is needed here any more.</summary>
    private void Forget(TaskId task, EffectBuffer<NodeEffect> effects)
    {
        Answered?.Invoke(task);
        if (_outbound.Remove(task)) effects.Add(NodeEffect.DropTask(task));
        if (_attempts.Find(task) is { } attempt) _attempts.Supersede(attempt, effects);
    }

    private void Report(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        _solitude.Look(_heartbeatDueMs, _isWelcome, TakesNothing, nowMs);
        _heartbeatDueMs = nowMs + (_isWelcome ? _settings.Liveness.HeartbeatMs : Math.Min(JoinEveryMs, _settings.Liveness.HeartbeatMs));
        _attempts.DropEnded(nowMs, effects);
        if (_leader is null) return;
        var held = new List<HeldAttempt>(_attempts.Count + _outbound.Count);
        _attempts.Report(held);
        foreach (var result in _outbound.Results) held.Add(new HeldAttempt(result.Attempt, result.Result.Iterations, false, Suspicion.None, result.PartitionKey));
        var seen = new LoadSeen(_lanes.Count, _lanes.RunningCount, _attempts.Count - _lanes.RunningCount, _lanes.FreeDevices());
        var report = new NodeReport
        {
            Term = Term,
            Classes = _settings.Classes,
            Limit = _settings.Limit,
            Draining = TakesNothing,
            Leaving = _draining,
            Turns = _turns,
            Roles = _settings.Roles,
            Load = MeasureLoad?.Invoke(seen) ?? new NodeLoad(seen.Lanes, seen.Running, seen.Waiting, 0, seen.FreeDevices, 0),
            Held = held,
        };
        effects.Add(NodeEffect.SendOnceDurable(_leader, new Message(MessageKind.Report, Self, Body: report)));
    }
}
