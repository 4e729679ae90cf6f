using System.Text;
using Rqml.Checkpoints;
using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Queues;
using Rqml.Scheduling;
using Rqml.Supervision;
using Rqml.Supervision.Votes;
using Rqml.Tasks;

namespace Rqml.Nodes;

/// <summary>
/// Decides what a node runs: takes attempts into the inbound queue, gives lanes to the most important ones, keeps what is being refined in the
/// refinement queue while it waits, and holds each finished result in the outbound queue until its ledger has answered.
/// </summary>
internal sealed class NodeMachine : IMachine<NodeEvent, NodeEffect>
{
    private const long AskRetryMs = 1_000;
    private const long JoinEveryMs = 100;
    private const long LateMs = 2_000;      // for the word of the ledger, which comes first as a rule
    private const long BorrowEveryMs = 250;

    private readonly NodeSettings _settings;
    private readonly Dictionary<TaskId, NodeAttempt> _attempts = [];
    private readonly LaneGroup[] _groups;      // one a kind of device; most nodes have processors alone
    private readonly OutboundQueue _outbound;
    private readonly BallotDesk _ballots = new();
    private readonly LinkedList<NodeAttempt> _suspects = new();
    private readonly List<NodeAttempt> _unwritten = [];
    private Peer _self;
    private ObeyedEpochs _obeyed = new();
    private Term _term;
    private Peer? _leader;
    private int _running;
    private bool _draining;        // what runs gives its lane up: the host stops
    private bool _emptying;        // what has begun is finished: an operator wants it so
    private long _turns;           // how often it has come to take nothing new, or to take work again
    private bool _isWelcome;
    private bool _isCutOff;
    private bool _isAlone;
    private long? _leaderHeardMs;      // or when we came up
    private long _heartbeatDueMs;
    private long _askDueMs = long.MaxValue;
    private long _borrowDueMs = long.MaxValue;

    public NodeMachine(Peer self, NodeSettings settings)
    {
        _self = self;
        _settings = settings;
        _groups = [.. settings.Lanes.Select(lanes => new LaneGroup(lanes.Key, lanes.Value, settings.Limit * 2, settings.AgeEveryMs))];
        _outbound = new OutboundQueue(self, settings.KeepUndeliveredMs, settings.MaxUndeliveredBytes);
    }

    /// <summary>Fills in what only the shell can measure.</summary>
    public Func<LoadSeen, NodeLoad>? MeasureLoad { get; set; }

    /// <summary>For attempts of the tasks of the ledger in our own process, where there is one: given while nobody leads.</summary>
    public SelfAttempts? Own { get; init; }

    /// <summary>Told of each task that came with a checkpoint of another node.</summary>
    public Action<TaskId>? Brought { get; set; }

    /// <summary>Told of each task whose result its ledger has durably.</summary>
    public Action<TaskId>? Answered { get; set; }

    public Peer Self => _self;

    public int RunningCount => _running;

    /// <summary>Unfinished attempts that were dropped as their task was settled or is elsewhere.</summary>
    public long Superseded { get; private set; }

    public int HeldCount => _attempts.Count;

    public IEnumerable<TaskId> Held => _attempts.Keys;

    public IEnumerable<NodeAttempt> Attempts => _attempts.Values;

    public bool Holds(TaskId task) => _attempts.ContainsKey(task) || _outbound.Contains(task);

    public int StrikingCount => _attempts.Values.Count(attempt => attempt.State == AttemptState.AwaitingStrike);

    public int OutboundCount => _outbound.Count;

    public QueueStatistics InboundStatistics(long nowMs) => QueueStatistics.Sum([.. _groups.Select(group => group.Inbound.Statistics(nowMs))]);

    public QueueStatistics RefiningStatistics(long nowMs) => QueueStatistics.Sum([.. _groups.Select(group => group.Refining.Statistics(nowMs))]);

    public NodeAttempt? Find(TaskId task) => _attempts.GetValueOrDefault(task);

    /// <summary>What was found on the disk and looks otherwise since: written with the first tick, and after an end in order before it.</summary>
    public IReadOnlyList<NodeAttempt> Unwritten => _unwritten;

    public IEnumerable<NodeAttempt> Running => _groups.SelectMany(group => group.Running);

    public NodePhase Phase
    {
        get
        {
            if (TakesNothing) return NodePhase.Draining;
            if (!_isWelcome) return _isAlone ? NodePhase.Degraded : NodePhase.Joining;
            return _isCutOff ? NodePhase.Degraded : NodePhase.Active;
        }
    }

    private bool TakesNothing => _draining || _emptying;

    public Term Term => _term;

    /// <summary>Whether it has heard of no leader for so long that it gives itself new tasks of the ledger in its own process.</summary>
    public bool IsAlone => _isAlone;

    /// <summary>When it last heard of a leader, or came up.</summary>
    public long LeaderHeardMs => _leaderHeardMs ?? 0;

    /// <summary>Whom it reports to; null before it has heard of anybody.</summary>
    public Peer? Leader => _leader;

    public long NextDueMs
    {
        get
        {
            var dueMs = Math.Min(Math.Min(_heartbeatDueMs, _askDueMs), Math.Min(_borrowDueMs, _outbound.NextDueMs));
            foreach (var group in _groups) dueMs = Math.Min(dueMs, group.NextDueMs);
            return dueMs;
        }
    }

    /// <summary>Takes back what the disk holds, before the first step.</summary>
    /// <param name="obeyed">The highest term that this node ever obeyed.</param>
    /// <param name="attempts">Unfinished attempts, each with its newest checkpoint that is whole.</param>
    /// <param name="outbound">Results that no ledger has answered.</param>
    /// <param name="endedInOrder">Whether the node was stopped, rather than killed by something, perhaps one of the attempts.</param>
    public void Restore(Term obeyed, IEnumerable<NodeAttempt> attempts, IEnumerable<Outbound> outbound, bool endedInOrder)
    {
        _term = obeyed;
        foreach (var result in outbound) _outbound.Restore(result);
        foreach (var attempt in attempts)
        {
            if (_outbound.Contains(attempt.Attempt.Task)) continue;
            _attempts[attempt.Attempt.Task] = attempt;
            if (endedInOrder) attempt.Alone = null;
            else attempt.Suspicion = attempt.Suspicion.After(attempt.Resume.Iteration);
            _unwritten.Add(attempt);
            if (!_settings.Serves(attempt.Spec.Class))
            {
                attempt.State = AttemptState.Unserved;
                _askDueMs = 0;
            }
            else if (attempt.Alone is { } died)
            {
                AwaitStrike(attempt, (long)died.Value, 0);      // it ran alone when its node died
            }
            else if (attempt.Spec.PartitionKey is not null)
            {
                AwaitAdoption(attempt, 0);
            }
            else
            {
                Requeue(attempt, 0);
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
                EndBallot(@event.Ballot!, (Ballot)@event.Body!, effects);
                break;
            case NodeEventKind.Lent:
                TakeLent(@event.Tasks!, nowMs, effects);
                break;
            case NodeEventKind.Drain when !_draining:
                Drain(nowMs, effects);
                break;
        }

        FillLanes(nowMs, effects);
        if (_draining && _running == 0 && Voting == 0) effects.Add(NodeEffect.Drained());
    }

    /// <summary>Voters that hold a lane.</summary>
    private int Voting => _groups.Sum(group => group.Voting);

    public void Tick(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        foreach (var attempt in _unwritten) effects.Add(NodeEffect.WriteAttempt(attempt));
        _unwritten.Clear();
        if (_heartbeatDueMs <= nowMs) Report(nowMs, effects);
        if (_askDueMs <= nowMs) AskLedgers(nowMs, effects);
        if (_borrowDueMs <= nowMs) Borrow(nowMs, effects);
        _outbound.Tick(nowMs, effects);
        foreach (var group in _groups) group.Advance(nowMs);
        FillLanes(nowMs, effects);
    }

    /// <summary>All that later decisions go by, for explorations that tell states apart.</summary>
    public string Describe()
    {
        var text = new StringBuilder();
        text.Append(_self.Incarnation).Append(' ').Append(_term).Append(_leader?.Node).Append($" {_draining} {_emptying} {_isWelcome} {_isCutOff} {_isAlone} {_leaderHeardMs} {_heartbeatDueMs} {_askDueMs} {_borrowDueMs} {_outbound.NextDueMs} {Own?.Count} ").Append(_obeyed.Describe());
        foreach (var attempt in _attempts.Values) Describe(attempt, text.Append(';'));
        foreach (var running in Running) Describe(running, text.Append(";on a lane "));
        foreach (var suspect in _suspects) text.Append(";next alone ").Append(suspect.Attempt);
        foreach (var unwritten in _unwritten) text.Append(";unwritten ").Append(unwritten.Attempt);
        foreach (var result in _outbound.Results) text.Append(";outbound ").Append(result.Attempt);
        return text.ToString();
    }

    private static void Describe(NodeAttempt attempt, StringBuilder text) => text.Append(
        $"{attempt.Attempt} {attempt.State} {attempt.Run} {attempt.StrikeRun} {attempt.Resume.Iteration} {attempt.ResumedAt} {attempt.RetryMs} {attempt.EndMs} {attempt.Watched} {attempt.Suspicion} {attempt.Alone} {attempt.IsFenced} {attempt.IsDropped}");

    private void Hear(in Message message, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        switch (message.Kind)
        {
            case MessageKind.Assign:
                Take(message, nowMs, effects);
                break;
            case MessageKind.Revoke:
                if (_attempts.TryGetValue(message.Task, out var revoked) && revoked.Attempt.Epoch <= message.Epoch) Supersede(revoked, effects);
                break;
            case MessageKind.Welcome:
                Follow(message.From, new Term(message.Epoch.Generation, message.Epoch.Term), nowMs, effects);
                break;
            case MessageKind.Heard:
                if (new Term(message.Epoch.Generation, message.Epoch.Term) == _term) HearLeader(nowMs);
                break;
            case MessageKind.Fenced:
                if ((ulong)message.Number == _self.Incarnation.Value) BeginAnew(nowMs, effects);
                break;
            case MessageKind.Drain or MessageKind.Resume:
                Obey(message, nowMs, effects);
                break;
            case MessageKind.ReleaseAttempt:
                if (_attempts.TryGetValue(message.Task, out var released) && released.Attempt.Epoch == message.Epoch) Clear(released, nowMs, effects);
                break;
            case MessageKind.Answered:
                Forget(message.Task, effects);
                break;
            case MessageKind.StrikeCounted:
                // An earlier attempt's run may have had the same name: its late answer says nothing of this one's death.
                if (_attempts.TryGetValue(message.Task, out var struck) && struck.Attempt.Epoch == message.Epoch && struck.State == AttemptState.AwaitingStrike && struck.StrikeRun == message.Number)
                {
                    if (struck.IsFenced) AwaitAdoption(struck, nowMs);
                    else Requeue(struck, nowMs);
                }

                break;
            case MessageKind.VoteClosed:
                if (_attempts.TryGetValue(message.Task, out var voted) && voted.Attempt.Epoch == message.Epoch && voted.State == AttemptState.AwaitingVote && voted.Resume.Vote == message.Number)
                {
                    voted.Tally = (VoteResult)message.Body!;
                    voted.Vote = null;
                    Requeue(voted, nowMs);
                }

                break;
            case MessageKind.ExplainAttempt:
                if (_attempts.TryGetValue(message.Task, out var explained)) effects.Add(NodeEffect.TellStory(explained));
                break;
            case MessageKind.AskBallot:
                TakeBallot(message, nowMs, effects);
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
        if (Refusal(assignment) is { } reason)
        {
            // The task goes elsewhere under another epoch: a late duplicate of this one must find it used, though there be room by then.
            if (assignment.To == _self.Incarnation && assignment.Term == _term) _ = _settings.TryObey(_obeyed, message.Epoch);
            Refuse(message, reason, effects);
            return;
        }

        if (_outbound.Contains(message.Task)) return;      // finished here: its result is on its way
        var held = _attempts.GetValueOrDefault(message.Task);
        if (held?.Attempt.Epoch == message.Epoch)
        {
            held.Follow(assignment.Ledger);
            held.EndMs = EndOf(assignment.RemainingMs, nowMs);
            held.Suspicion = Suspicion.Graver(held.Suspicion, assignment.Suspicion);
            held.IsFenced = false;
            held.Difficulty = assignment.Difficulty;
            if (held.State == AttemptState.AwaitingAdoption) Requeue(held, nowMs);
            return;
        }

        if (held?.Attempt.Epoch > message.Epoch) return;
        if (assignment.Adopted || !_settings.TryObey(_obeyed, message.Epoch))
        {
            Refuse(message, RefusalReason.NotHeld, effects);
            return;
        }

        var stored = new StoredAttempt(new Attempt(message.Task, message.Epoch), assignment.Spec, assignment.Ledger, assignment.Suspicion, null);
        var taken = new NodeAttempt(stored) { Watched = assignment.Watched, EndMs = EndOf(assignment.RemainingMs, nowMs), Difficulty = assignment.Difficulty };
        if (assignment.Checkpoint is { } left)
        {
            Brought?.Invoke(message.Task);
            if (InlineCheckpoint.Read(left, message.Task) is { } snapshot) taken.GoOnFrom(snapshot);
        }

        if (held is not null && held.Resume.Iteration >= taken.Resume.Iteration)
        {
            taken.Resume = held.Resume;
            taken.IsBrought = false;
            taken.ResumedAt = held.Resume.Iteration;
        }

        if (held is not null)
        {
            taken.Chain = held.Chain;
            taken.Suspicion = Suspicion.Graver(held.Suspicion, assignment.Suspicion);
            if (held.State is AttemptState.Running or AttemptState.AwaitingEnd) (held.Heir, taken.State) = (taken, AttemptState.AwaitingEnd);
            Stop(held, effects);
        }

        _attempts[message.Task] = taken;
        effects.Add(NodeEffect.WriteAttempt(taken));
        if (taken.State == AttemptState.Waiting) Enqueue(taken, nowMs);
    }

    /// <summary>Nobody leads, as far as we hear: the ledger in our own process may have tasks that nobody has.</summary>
    private void Borrow(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        _borrowDueMs = nowMs + BorrowEveryMs;
        var room = _settings.Limit - _attempts.Count;
        if (room > 0 && !Own!.IsExhausted) effects.Add(NodeEffect.AskLedger(new LendingRequest(room, _settings.Classes, new HashSet<TaskId>([.. _attempts.Keys, .. _outbound.Results.Select(result => result.Attempt.Task)]))));
    }

    /// <summary>Takes tasks of our own process's ledger under epochs of our own. The count is durable with the attempts, and so before any of them runs.</summary>
    private void TakeLent(IReadOnlyList<LentTask> lent, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (!_isAlone || TakesNothing) return;
        foreach (var task in lent)
        {
            if (Own!.IsExhausted || _attempts.Count >= _settings.Limit || Holds(task.Spec.Id) || !_settings.Serves(task.Spec.Class)) continue;
            var taken = new NodeAttempt(new Attempt(task.Spec.Id, Own.Next(_term)), task.Spec, task.Ledger) { Watched = task.Watched, EndMs = EndOf(task.RemainingMs, nowMs) };
            _attempts[task.Spec.Id] = taken;
            effects.Add(NodeEffect.WriteSelfAttempts(Own.Count));
            effects.Add(NodeEffect.WriteAttempt(taken));
            Enqueue(taken, nowMs);
        }
    }

    private void Enqueue(NodeAttempt taken, long nowMs)
    {
        var queued = GroupOf(taken).Inbound.TryEnqueue(taken, Ticket(taken, nowMs, taken.Spec.NotBeforeMs));
        Invariant.Holds(queued, "the inbound queue had less room than the node's limit");
    }

    /// <summary>The run of a superseded attempt has ended: its heir goes on from there, not from where that run began, as what it has used since is used.</summary>
    private void PassOn(NodeAttempt superseded, long nowMs)
    {
        var heir = superseded.Heir;
        while (heir is { IsDropped: true }) heir = heir.Heir;
        if (heir is null) return;
        heir.Resume = superseded.Resume;
        heir.ResumedAt = heir.Resume.Iteration;
        heir.State = AttemptState.Waiting;
        if (heir.IsFenced) AwaitAdoption(heir, nowMs);
        else Enqueue(heir, nowMs);
    }

    /// <summary>The deadline travels as remaining time: counted from here it ends no earlier than at the ledger, which settles the task.</summary>
    private static long EndOf(long remainingMs, long nowMs) => remainingMs > long.MaxValue - nowMs ? long.MaxValue : nowMs + remainingMs;

    private LaneGroup GroupOf(NodeAttempt attempt)
    {
        if (_groups.Length == 1) return _groups[0];
        var device = _settings.DeviceOf(attempt.Spec.Class, attempt.Resume.Model);
        foreach (var group in _groups)
        {
            if (group.Device == device) return group;
        }

        throw new InvalidOperationException($"The node has no lane of '{device}', and serves no class that needs one.");
    }

    private RefusalReason? Refusal(Assignment assignment)
    {
        if (assignment.To != _self.Incarnation) return RefusalReason.OtherIncarnation;
        if (assignment.Term != _term) return RefusalReason.StaleEpoch;
        var isHeld = _attempts.ContainsKey(assignment.Spec.Id);
        if (TakesNothing && !isHeld) return RefusalReason.Draining;
        if (!_settings.Serves(assignment.Spec.Class)) return RefusalReason.UnknownClass;
        return _attempts.Count >= _settings.Limit * 2 && !isHeld ? RefusalReason.Full : null;
    }

    private void Refuse(in Message assignment, RefusalReason reason, EffectBuffer<NodeEffect> effects) =>
        effects.Add(NodeEffect.Send(assignment.From, new Message(MessageKind.Refused, _self, assignment.Task, assignment.Epoch, (long)reason)));

    /// <summary>Obeys the highest term it has heard of, durably. A leader that was named by address alone is reported to, and says its term itself.</summary>
    private void Follow(Peer? leader, Term term, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (term < _term && term != Term.None) return;
        HearLeader(nowMs);
        var isOfRestoredStore = term.Generation > _term.Generation && _term != Term.None;
        if (term > _term)
        {
            _term = term;
            effects.Add(NodeEffect.WriteTerm(term));
        }

        _leader = leader;
        _isWelcome = term != Term.None;

        // A store that was restored may have forgotten that we are a member, and what was agreed on with us.
        if (isOfRestoredStore) BeginAnew(nowMs, effects);
        else Report(nowMs, effects);
    }

    private void HearLeader(long nowMs)
    {
        _leaderHeardMs = nowMs;
        _isCutOff = _isAlone = false;
        _borrowDueMs = long.MaxValue;
    }

    /// <summary>
    /// While we were silent we were fenced, and what we held went elsewhere. We come back as a new start of this node, holding what we still hold: as after
    /// a reboot, but without one. What has a partition key first waits to be adopted.
    /// </summary>
    private void BeginAnew(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        _self = _self with { Incarnation = new Incarnation(new SplitMix64(_self.Incarnation.Value).Next() | 1) };
        _obeyed = new ObeyedEpochs();
        foreach (var attempt in _attempts.Values)
        {
            if (attempt.Spec.PartitionKey is null) continue;
            if (attempt.State is AttemptState.Running or AttemptState.AwaitingStrike or AttemptState.AwaitingEnd)
            {
                attempt.IsFenced = true;      // until it is adopted
                if (attempt.State == AttemptState.Running) effects.Add(NodeEffect.YieldRun(attempt));
            }
            else if (attempt.State is AttemptState.Waiting or AttemptState.AwaitingVote)
            {
                if (attempt.State == AttemptState.Waiting) LeaveQueues(attempt);
                AwaitAdoption(attempt, nowMs);
            }
        }

        Report(nowMs, effects);
    }

    /// <summary>
    /// Takes nothing new: what runs gives its lane up at its next boundary, and what has not begun goes back to the scheduler. The rest is on our disk.
    /// </summary>
    private void Drain(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        _draining = true;
        _turns++;
        GiveBack(nowMs, effects);
    }

    /// <summary>An operator's wish, which whoever leads has passed on: obeyed as an assignment is, by the start that it is addressed to, in the term that it is of.</summary>
    private void Obey(in Message command, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (StaleBecause(command) is { } reason)
        {
            Refuse(command, reason, effects);
            return;
        }

        var isNew = _emptying != (command.Kind == MessageKind.Drain);
        _emptying = command.Kind == MessageKind.Drain;
        if (!isNew) return;
        _turns++;
        if (_emptying) GiveBack(nowMs, effects);
        else Report(nowMs, effects);
    }

    private RefusalReason? StaleBecause(in Message command)
    {
        if ((ulong)command.Number != _self.Incarnation.Value) return RefusalReason.OtherIncarnation;
        return new Term(command.Epoch.Generation, command.Epoch.Term) == _term ? null : RefusalReason.StaleEpoch;
    }

    /// <summary>An operator takes it for innocent: it runs beside others again.</summary>
    private void Clear(NodeAttempt attempt, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (attempt.Suspicion == Suspicion.None) return;
        attempt.Suspicion = Suspicion.None;
        effects.Add(NodeEffect.WriteAttempt(attempt));
        if (_suspects.Remove(attempt)) Requeue(attempt, nowMs);
        Report(nowMs, effects);
    }

    /// <summary>What has not begun goes back to the scheduler, which hears that we take nothing new.</summary>
    private void GiveBack(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        (_isAlone, _borrowDueMs) = (false, long.MaxValue);
        foreach (var job in _ballots.Dismiss()) Cast(job, new Ballot(Judgement.Abstain, "the node is leaving", 0), effects);
        foreach (var attempt in _attempts.Values.Where(HasNotBegun).ToArray())
        {
            if (_leader is not null) effects.Add(NodeEffect.Send(_leader, new Message(MessageKind.Refused, _self, attempt.Attempt.Task, attempt.Attempt.Epoch, (long)RefusalReason.Draining)));
            Drop(attempt, effects);
        }

        Report(nowMs, effects);
    }

    private static bool HasNotBegun(NodeAttempt attempt) => attempt is { State: AttemptState.Waiting, Run: 0, Resume.Iteration: 0 };

    /// <summary>Gives free lanes to whatever is most important. A suspect waits until nothing else runs, and then has the node to itself for one iteration.</summary>
    private void FillLanes(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (_draining)
        {
            foreach (var running in Running) effects.Add(NodeEffect.YieldRun(running));      // again and again: one whose start waited for the disk did not hear it
            return;
        }

        if (_running == 1 && Running.First().Alone is not null) return;
        foreach (var group in _groups)
        {
            while (group.Free > 0 && _suspects.Count == 0 && _ballots.TakeNext(group.Device, nowMs) is { } job) Start(job, group, effects);
            while (group.Free > 0 && _suspects.Count == 0 && group.TakeNext(nowMs) is { } next)
            {
                if (next.Suspicion.RunsAlone) _suspects.AddLast(next);
                else Start(next, group, effects);
            }
        }

        if (_suspects.Count > 0) StartAlone(effects);
        else YieldOutranked(nowMs, effects);
    }

    /// <summary>
    /// What a node has died with begins only once that is durable: poison that is quicker than the disk would else kill start after start, and no death would
    /// be known to the next. And an epoch of our own is durable before a model sees it, else another task might have it after a crash.
    /// </summary>
    private void Start(NodeAttempt attempt, LaneGroup group, EffectBuffer<NodeEffect> effects)
    {
        Occupy(attempt, group);
        effects.Add(attempt.Suspicion.Deaths > 0 || attempt.Attempt.Epoch.IsSelfAttempt ? NodeEffect.StartRunOnceDurable(attempt) : NodeEffect.StartRun(attempt));
    }

    private void Occupy(NodeAttempt attempt, LaneGroup group)
    {
        attempt.State = AttemptState.Running;
        attempt.Run++;
        _running++;
        group.Start(attempt);
    }

    /// <summary>That it runs alone is durable before it runs: if the node dies of it, the next start knows.</summary>
    private void StartAlone(EffectBuffer<NodeEffect> effects)
    {
        foreach (var other in Running) effects.Add(NodeEffect.YieldRun(other));
        if (_running > 0 || Voting > 0) return;
        var suspect = _suspects.First!.Value;
        _suspects.RemoveFirst();
        Occupy(suspect, GroupOf(suspect));
        suspect.Alone = _self.Incarnation;
        effects.Add(NodeEffect.WriteAttempt(suspect));
        effects.Add(NodeEffect.StartRunOnceDurable(suspect));
    }

    /// <summary>The least important running task is asked to give its lane at its next boundary where something more important waits.</summary>
    private void YieldOutranked(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        foreach (var group in _groups)
        {
            if (group.Outranked(nowMs, _ballots.HasWaiting && _ballots.IsWaitedFor(group.Device)) is { } least) effects.Add(NodeEffect.YieldRun(least));
        }
    }

    private void EndRun(in NodeEvent ended, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        var attempt = ended.Attempt!;
        if (attempt.Run != ended.Run || attempt.State != AttemptState.Running) return;      // a run that was given up long ago
        attempt.Lane!.End(attempt);
        _running--;
        if (_isAlone && _attempts.Count <= _settings.Limit / 2) _borrowDueMs = nowMs;
        if (ended.Snapshot is { } snapshot) attempt.Resume = snapshot;
        attempt.State = AttemptState.Waiting;
        if (attempt.IsDropped)
        {
            PassOn(attempt, nowMs);
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
            AwaitAdoption(attempt, nowMs);
            return;
        }

        switch (ended.Ending)
        {
            case RunEnding.Finished:
                _attempts.Remove(attempt.Attempt.Task);
                _outbound.Add(new Outbound(attempt.Attempt, attempt.Ledger, (Settlement)ended.Body!, attempt.Spec.PartitionKey), nowMs, effects);
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
                AwaitStrike(attempt, NameOfRun(attempt), nowMs + AskRetryMs);
                SendStrike(attempt, effects);
                break;
            case RunEnding.AwaitingVote:
                attempt.State = AttemptState.AwaitingVote;
                attempt.Vote = (VoteCall)ended.Body!;
                CallVote(attempt, effects);
                _askDueMs = Math.Min(_askDueMs, nowMs + AskRetryMs);
                break;
            case RunEnding.Stopped:
                if (!_draining) Requeue(attempt, nowMs);
                break;
        }
    }

    private void AwaitAdoption(NodeAttempt attempt, long retryMs)
    {
        attempt.State = AttemptState.AwaitingAdoption;
        attempt.IsFenced = false;
        _askDueMs = Math.Min(_askDueMs, retryMs);
    }

    /// <summary>The next run waits until the ledger has counted the death durably: else a poisonous task would run without end.</summary>
    private void AwaitStrike(NodeAttempt attempt, long run, long retryMs)
    {
        attempt.State = AttemptState.AwaitingStrike;
        attempt.StrikeRun = run;
        _askDueMs = Math.Min(_askDueMs, retryMs);
    }

    /// <summary>Runs are counted anew after a restart, so a run's name is taken from the start of the node too: else the ledger would take a later death for one that it has.</summary>
    private long NameOfRun(NodeAttempt attempt) => unchecked((long)_self.Incarnation.Value + attempt.Run);

    /// <summary>Whoever leads counts: cut off, the task waits as it is, and its ledger settles it at its deadline.</summary>
    private void CallVote(NodeAttempt attempt, EffectBuffer<NodeEffect> effects)
    {
        if (_leader is null) return;
        effects.Add(NodeEffect.Send(_leader, new Message(MessageKind.CallVote, _self, attempt.Attempt.Task, attempt.Attempt.Epoch, attempt.Resume.Vote, attempt.Vote)));
    }

    private void TakeBallot(in Message message, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        var job = TakesNothing ? null : _ballots.Take(message, nowMs);
        if (job is null || !_settings.Serves(job.Call.Spec.Class) || !Array.Exists(_groups, group => group.Device == job.Call.Model.Device))
        {
            var refused = new BallotJob(new Attempt(message.Task, message.Epoch), (int)message.Number, (BallotCall)message.Body!, message.From, nowMs);
            Cast(refused, new Ballot(Judgement.Abstain, "the node takes no ballot", 0), effects);
        }
        else if (job.Ballot is { } cast)
        {
            Cast(job, cast, effects);
        }
        else if (!job.IsTaken)
        {
            job.IsTaken = true;
            _ballots.Enqueue(job);
        }
    }

    private static void Start(BallotJob job, LaneGroup group, EffectBuffer<NodeEffect> effects)
    {
        job.Lane = group;
        group.Voting++;
        effects.Add(NodeEffect.StartBallot(job));
    }

    private void EndBallot(BallotJob job, Ballot ballot, EffectBuffer<NodeEffect> effects)
    {
        if (job.Lane is not { } group) return;
        job.Lane = null;
        group.Voting--;
        job.Cast(ballot);
        Cast(job, ballot, effects);
    }

    private void Cast(BallotJob job, Ballot ballot, EffectBuffer<NodeEffect> effects) => effects.Add(NodeEffect.Send(job.Asker, BallotDesk.Cast(_self, job, ballot)));

    /// <summary>Whatever waits for a ledger's word asks again. No scheduler knows an attempt whose task was settled while the node was down, so nobody would adopt it.</summary>
    private void AskLedgers(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        _askDueMs = long.MaxValue;
        foreach (var attempt in _attempts.Values)
        {
            if (attempt.State is not (AttemptState.AwaitingStrike or AttemptState.AwaitingAdoption or AttemptState.AwaitingVote or AttemptState.Unserved)) continue;
            if (attempt.State == AttemptState.AwaitingVote) CallVote(attempt, effects);      // no scheduler holds a vote for a task that is settled
            if (attempt.State == AttemptState.AwaitingStrike) SendStrike(attempt, effects);
            else effects.Add(NodeEffect.Send(attempt.Ledger, new Message(MessageKind.StillOpen, _self, attempt.Attempt.Task, attempt.Attempt.Epoch)));
            _askDueMs = nowMs + AskRetryMs;
        }
    }

    private void SendStrike(NodeAttempt attempt, EffectBuffer<NodeEffect> effects) =>
        effects.Add(NodeEffect.Send(attempt.Ledger, new Message(MessageKind.Strike, _self, attempt.Attempt.Task, attempt.Attempt.Epoch, attempt.StrikeRun)));

    /// <summary>The ledger has it durably: nothing of the task is needed here any more.</summary>
    private void Forget(TaskId task, EffectBuffer<NodeEffect> effects)
    {
        Answered?.Invoke(task);
        if (_outbound.Remove(task)) effects.Add(NodeEffect.DropTask(task));
        if (_attempts.TryGetValue(task, out var attempt)) Supersede(attempt, effects);
    }

    private void Supersede(NodeAttempt attempt, EffectBuffer<NodeEffect> effects)
    {
        Superseded++;
        Drop(attempt, effects);
    }

    private void Drop(NodeAttempt attempt, EffectBuffer<NodeEffect> effects)
    {
        _attempts.Remove(attempt.Attempt.Task);
        Stop(attempt, effects);
        effects.Add(NodeEffect.DropTask(attempt.Attempt.Task));
    }

    /// <summary>A running attempt keeps its lane until its run has ended; the shell writes no more checkpoints of it from here on.</summary>
    private void Stop(NodeAttempt attempt, EffectBuffer<NodeEffect> effects)
    {
        attempt.IsDropped = true;
        effects.Add(NodeEffect.StopRun(attempt));
        if (attempt.State == AttemptState.Waiting) LeaveQueues(attempt);
    }

    private void LeaveQueues(NodeAttempt attempt) => _ = GroupOf(attempt).Remove(attempt.Attempt.Task) || _suspects.Remove(attempt);

    private void Requeue(NodeAttempt attempt, long nowMs)
    {
        attempt.State = AttemptState.Waiting;
        GroupOf(attempt).Refining.Requeue(attempt, Ticket(attempt, nowMs, attempt.RetryMs));
    }

    private void Report(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        ForgiveSilence(nowMs);
        _heartbeatDueMs = nowMs + (_isWelcome ? _settings.Liveness.HeartbeatMs : Math.Min(JoinEveryMs, _settings.Liveness.HeartbeatMs));
        _isCutOff = _isWelcome && _leaderHeardMs + _settings.Liveness.SilentMs <= nowMs;
        if (!_isAlone && Own is not null && !TakesNothing && _leaderHeardMs + _settings.Liveness.AloneMs <= nowMs) (_isAlone, _borrowDueMs) = (true, nowMs);
        DropEnded(nowMs, effects);
        if (_leader is null) return;
        var held = new List<HeldAttempt>(_attempts.Count + _outbound.Count);
        foreach (var attempt in _attempts.Values)
        {
            if (attempt.State != AttemptState.Unserved) held.Add(new HeldAttempt(attempt.Attempt, attempt.Resume.Iteration, attempt.State == AttemptState.AwaitingAdoption, attempt.Suspicion, attempt.Spec.PartitionKey));
        }

        foreach (var result in _outbound.Results) held.Add(new HeldAttempt(result.Attempt, result.Result.Iterations, false, Suspicion.None, result.PartitionKey));
        var seen = new LoadSeen(_groups.Sum(group => group.Lanes), _running, _attempts.Count - _running, FreeDevices());
        var report = new NodeReport
        {
            Term = _term,
            Classes = _settings.Classes,
            Limit = _settings.Limit,
            Draining = TakesNothing,
            Leaving = _draining,
            Turns = _turns,
            Roles = _settings.Roles,
            Load = MeasureLoad?.Invoke(seen) ?? new NodeLoad(seen.Lanes, seen.Running, seen.Waiting, 0, seen.FreeDevices, 0),
            Held = held,
        };
        effects.Add(NodeEffect.SendOnceDurable(_leader, new Message(MessageKind.Report, _self, Body: report)));
    }

    /// <summary>While we were not running ourselves (a stopped process, a machine asleep) we could hear nobody.</summary>
    private void ForgiveSilence(long nowMs)
    {
        _leaderHeardMs ??= nowMs;
        var lateMs = nowMs - _heartbeatDueMs;
        if (_heartbeatDueMs > 0 && lateMs > 2 * _settings.Liveness.HeartbeatMs) _leaderHeardMs = Math.Min(nowMs, _leaderHeardMs.Value + lateMs);
    }

    private IReadOnlyDictionary<string, int> FreeDevices() =>
        _groups.Length == 1 ? NodeSettings.NoDevices : _groups.Where(group => group.Device != NodeSettings.Processor).ToDictionary(group => group.Device, group => group.Free);

    /// <summary>What is past its deadline is worked on no longer, though the word of its ledger may never reach us; the ledger settles it.</summary>
    private void DropEnded(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        List<NodeAttempt>? ended = null;
        foreach (var attempt in _attempts.Values)
        {
            if (attempt.EndMs <= nowMs - LateMs) (ended ??= []).Add(attempt);
        }

        foreach (var attempt in ended ?? []) Drop(attempt, effects);
    }

    private static QueueTicket Ticket(NodeAttempt attempt, long nowMs, long notBeforeMs)
    {
        attempt.QueuedMs = Math.Max(nowMs, notBeforeMs);
        return new()
        {
            Task = attempt.Attempt.Task,
            Class = attempt.Spec.Class.Name,
            Priority = attempt.Spec.Priority,
            Difficulty = double.IsNaN(attempt.Spec.Difficulty) ? ExpectedDifficulty.Unknown : attempt.Spec.Difficulty,
            EnqueuedMs = nowMs,
            NotBeforeMs = notBeforeMs,
        };
    }
}
