using System.Text;
using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Queues;
using Rqml.Supervision;
using Rqml.Supervision.Votes;
using Rqml.Tasks;

namespace Rqml.Scheduling;

/// <summary>
/// Decides where tasks run. Its state is soft: a new term begins with nothing and learns the open tasks from ledgers and the running ones from node
/// reports. Work of a node is handed over only when the node's fence is in the store.
/// </summary>
internal sealed class SchedulerMachine : IMachine<SchedulerEvent, SchedulerEffect>
{
    private const long SweepEveryMs = 250;

    private readonly Peer _self;
    private readonly SchedulerSettings _settings;
    private readonly NodePool _pool;
    private readonly RollCall _rollCall;
    private readonly Dictionary<TaskId, ScheduledTask> _tasks = [];
    private readonly ParkedClasses _parked;
    private readonly WaitingTasks _waiting;
    private readonly Recalls _recalls;
    private readonly HandOvers _handOvers = new();
    private readonly Assignments _assignments;
    private readonly Fencing _fencing;
    private readonly VoteTable _votes;
    private readonly OperatorDesk _operators;
    private readonly Acknowledgements _acknowledgements;
    private readonly UnclaimedTasks _unclaimed;
    private Term _term;
    private bool _leading;
    private long _ledFromMs;
    private long _sweepDueMs = long.MaxValue;

    /// <param name="self">The node that may lead.</param>
    /// <param name="settings">What the host says.</param>
    /// <param name="seed">Of all draws.</param>
    /// <param name="nowMs">When its process came up.</param>
    public SchedulerMachine(Peer self, SchedulerSettings settings, ulong seed, long nowMs)
    {
        _self = self;
        _settings = settings;
        _pool = new NodePool(seed);
        _rollCall = new RollCall(_pool, settings.Liveness, nowMs);
        _parked = new ParkedClasses(self, _pool, settings.Liveness.SilentMs);
        _waiting = new WaitingTasks(_pool, _parked, settings);
        _recalls = new Recalls(self, _pool, _tasks, _waiting, settings.RecallsCheckpoints);
        _assignments = new Assignments(self, _pool, _tasks, _waiting, _recalls, _handOvers);
        _votes = new VoteTable(self);
        _fencing = new Fencing(self, _pool, _tasks, _assignments, _handOvers, _votes);
        _operators = new OperatorDesk(self, _pool, _tasks);
        _acknowledgements = new Acknowledgements(self);
        _unclaimed = new UnclaimedTasks(self, _tasks);
    }

    public long NextDueMs => _leading ? Math.Min(Math.Min(_sweepDueMs, _votes.NextDueMs), _waiting.NextDueMs) : long.MaxValue;

    public bool IsLeading => _leading;

    public Term Term => _term;

    public int TaskCount => _tasks.Count;

    /// <summary>Tasks taken from a node that had died.</summary>
    public long Moved => _fencing.Moved;

    public QueueStatistics WaitingStatistics(long nowMs) => _waiting.Statistics(nowMs);

    public IEnumerable<ScheduledNode> Nodes => _pool.Nodes;

    /// <summary>Votes that are held, or whose result nobody has used yet.</summary>
    public int VoteCount => _votes.Count;

    /// <summary>Told of each ballot, and what became of it.</summary>
    public Action<Message, BallotFate>? BallotTaken { get; set; }

    public static NodeWeight WeightOf(ScheduledNode node, long nowMs) => NodePool.WeightOf(node, nowMs);

    public PlacementDecision? Explain(TaskId task) => _tasks.GetValueOrDefault(task)?.Placement;

    public void Step(in SchedulerEvent @event, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        switch (@event.Kind)
        {
            case SchedulerEventKind.Elected:
                BeginTerm(@event.Term, @event.Members, nowMs, effects);
                break;
            case SchedulerEventKind.Followed when @event.Peer!.Node != _self.Node:
                _rollCall.Follow(@event.Peer);
                break;
            case SchedulerEventKind.Deposed:
                if (_leading) effects.Add(SchedulerEffect.Tell(SchedulerNews.Deposed, _self, _term, _tasks.Count));
                EndTerm();
                break;
            case SchedulerEventKind.Message when _leading:
                Hear(@event.Message, nowMs, effects);
                break;
            case SchedulerEventKind.NodeGone when _leading:
                if (_pool.Find(@event.Peer!) is { } gone && !_rollCall.MayBeStarting(gone, nowMs)) _fencing.Fence(gone, FenceReason.Gone, nowMs, effects);
                break;
            case SchedulerEventKind.NodeUnreachable when _leading:
                // Whichever start of it was last spoken to; but one that has come back elsewhere is another matter.
                if (_pool.Find(@event.Peer!.Node) is { } unreachable && unreachable.Peer.Endpoint == @event.Peer.Endpoint) _fencing.Fence(unreachable, FenceReason.Unreachable, nowMs, effects);
                break;
            case SchedulerEventKind.NodeGone or SchedulerEventKind.NodeUnreachable:
                _rollCall.RememberLost(@event.Peer!, @event.Kind == SchedulerEventKind.NodeGone ? FenceReason.Gone : FenceReason.Unreachable, nowMs);
                break;
            case SchedulerEventKind.Registered when _leading && @event.Term == _term:
                Activate(@event.Peer!, nowMs, effects);
                break;
            case SchedulerEventKind.Fenced when _leading && @event.Term == _term:
                if (_fencing.HandOver(@event.Peer!, nowMs, effects)) _rollCall.AwaitNoLonger(@event.Peer!.Node);
                break;
            case SchedulerEventKind.RefusedAsFenced when _leading && @event.Term == _term:
                if (_fencing.TurnAway(@event.Peer!, nowMs, effects)) _rollCall.AwaitNoLonger(@event.Peer!.Node);
                break;
            case SchedulerEventKind.Recalled when _leading:
                foreach (var id in @event.Tasks) _recalls.End(_tasks.GetValueOrDefault(id), @event.Copies!.GetValueOrDefault(id));
                break;
            case SchedulerEventKind.CopiesListed when _leading:
                _recalls.RemoveStrays(@event.Tasks, _term, effects);
                break;
            case SchedulerEventKind.StoreLost:
                _fencing.LoseStore(nowMs, effects);
                break;
            case SchedulerEventKind.StoreFound:
                _fencing.FindStore();
                break;
        }

        if (_leading) AssignWaiting(nowMs, effects);
    }

    public void Tick(long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (_sweepDueMs <= nowMs) Sweep(nowMs, effects);
        _votes.Tick(nowMs, effects);
        _waiting.Advance(nowMs);
        AssignWaiting(nowMs, effects);
    }

    /// <summary>All that later decisions go by, for explorations that tell states apart: but for votes, copies of checkpoints, unclaimed tasks, what was learnt, what is drawn, and when something is due.</summary>
    public string Describe()
    {
        var text = new StringBuilder($"{_leading} {_term} {_assignments.Number} {_rollCall}");
        foreach (var (id, task) in _tasks.OrderBy(task => task.Key)) text.Append($"|{id} {task.Node?.Peer} {task.Epoch} {task.Adopted} {task.Suspicion} {task.Inquired} {_waiting.Contains(id)}");
        text.Append('|').Append(_parked).Append('|').Append(_pool.Describe()).Append('|').Append(_waiting.DescribeKeys());
        return text.ToString();
    }

    private void BeginTerm(Term term, IReadOnlyList<Peer> members, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        EndTerm();
        _term = term;
        _leading = true;
        _sweepDueMs = nowMs + SweepEveryMs;
        _ledFromMs = nowMs;
        _recalls.Begin(nowMs);
        _assignments.Begin(term);
        _fencing.Begin(term);
        _rollCall.Begin(members, nowMs);
        effects.Add(SchedulerEffect.Tell(SchedulerNews.Elected, _self, term, members.Count));
        foreach (var member in members)
        {
            _pool.Add(member, nowMs);
            effects.Add(SchedulerEffect.Send(member, Welcome()));
            if (_rollCall.WhyLost(member, nowMs) is { } reason) _fencing.Fence(_pool.Find(member)!, reason, nowMs, effects);
        }

        _rollCall.ForgetLost();
    }

    private void EndTerm()
    {
        _leading = false;
        _assignments.Clear();
        _tasks.Clear();
        _handOvers.Clear();
        _acknowledgements.Clear();
        _unclaimed.Clear();
        _recalls.Clear();
        _votes.Clear();
        _pool.Clear();
        _waiting.Clear();
    }

    private void Hear(in Message message, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        switch (message.Kind)
        {
            case MessageKind.Announce:
                _unclaimed.Hear(message.Task.Ledger, message.From, (message.Number & Announcement.KnownBefore) != 0, nowMs);
                Take(message, nowMs, effects);
                break;
            case MessageKind.TaskSettled:
                Release(message, nowMs, effects);
                break;
            case MessageKind.Report:
                Read(message.From, (NodeReport)message.Body!, nowMs, effects);
                break;
            case MessageKind.Refused:
                Reconsider(message, nowMs, effects);
                break;
            case MessageKind.Greet:
                if (message.Task != default) _unclaimed.Hear(message.Task.Ledger, message.From, isRepeated: false, nowMs);
                var followed = new Term(message.Epoch.Generation, message.Epoch.Term);
                if (followed > _term) effects.Add(SchedulerEffect.StepDown(_self, followed));
                else if (followed < _term || (ulong)message.Number != _self.Incarnation.Value) effects.Add(SchedulerEffect.Send(message.From, Welcome()));
                break;
            case MessageKind.Watch:
                if (_tasks.TryGetValue(message.Task, out var watched))
                {
                    watched.Watched = true;
                    if (watched.Node is { } node) effects.Add(SchedulerEffect.Send(node.Peer, new Message(MessageKind.WatchAttempt, _self, message.Task, watched.Epoch)));
                }

                break;
            case MessageKind.Explain:
                Explain(message, effects);
                break;
            case MessageKind.Administer:
                _operators.Hear(message, _term, nowMs - _ledFromMs, nowMs, effects);
                break;
            case MessageKind.CallVote:
                // Of the attempt that is assigned, and of no other: a vote for one that was handed over helps nobody, nor one for an attempt that its node does not hold.
                if (_tasks.TryGetValue(message.Task, out var voting) && voting.Epoch == message.Epoch && !voting.Inquired) _votes.Call(message, VotersOf(voting.Spec.Class), nowMs, effects);
                break;
            case MessageKind.BallotCast:
                var fate = _votes.Take(message, nowMs, effects);
                BallotTaken?.Invoke(message, fate);
                break;
        }
    }

    /// <summary>Asks the node that has the task. Of one that waits for a node nothing has happened yet, as far as anybody here knows.</summary>
    private void Explain(in Message asked, EffectBuffer<SchedulerEffect> effects)
    {
        if (_tasks.GetValueOrDefault(asked.Task) is { Node: { } node } task) effects.Add(SchedulerEffect.Send(node.Peer, new Message(MessageKind.ExplainAttempt, _self, asked.Task, task.Epoch)));
        else effects.Add(SchedulerEffect.Send(asked.From, new Message(MessageKind.Told, _self, asked.Task, Body: Story.Empty)));
    }

    /// <summary>The nodes that could vote on a class, in a fixed order. Where all of them are drained they vote all the same: what they have begun could not end without it.</summary>
    private Peer[] VotersOf(ClassKey @class)
    {
        var able = _pool.Nodes.Where(node => node is { Standing: NodeStanding.Active, Reported: true, Leaving: false } && node.Classes.Contains(@class)).OrderBy(node => node.Peer.Node.Value, StringComparer.Ordinal).ToArray();
        return [.. (Array.TrueForAll(able, node => node.Draining) ? able : able.Where(node => !node.Draining)).Select(node => node.Peer)];
    }

    private void Take(in Message announced, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var (id, ledger) = (announced.Task, announced.From);
        var (isWatched, isKnownBefore, isLent) = ((announced.Number & Announcement.Watched) != 0, (announced.Number & Announcement.KnownBefore) != 0, (announced.Number & Announcement.Lent) != 0);
        if (_tasks.TryGetValue(id, out var known))
        {
            known.Ledger = ledger;
            known.Watched |= isWatched;
            var lost = known is { Inquired: true, Node: not null };
            known.Inquired = false;
            _acknowledgements.Add(known, _term, effects);
            if (lost) _assignments.TakeBack(known, nowMs);      // its node does not hold it, and the ledger says that it is still open
            return;
        }

        if (_tasks.Count >= _settings.MaxTasks) return;      // not acknowledged: the ledger announces it again
        var task = new ScheduledTask(Announcement.Translate((TaskSpec)announced.Body!, announced.Number, nowMs), ledger, nowMs) { Watched = isWatched, MayHaveLeft = isKnownBefore };
        _tasks.Add(id, task);
        _parked.Open(task.Spec.Class);
        _acknowledgements.Add(task, _term, effects);
        if (_pool.HolderOf(id) is { } holder) _assignments.Adopt(task, holder.Node, holder.Held, nowMs, effects);
        else if (isLent) _recalls.AwaitReport(task, nowMs);
        else _waiting.Enqueue(task);
    }

    /// <summary>The ledger has it settled. What it says of the result is learnt from: where it came from, and how many iterations it took.</summary>
    private void Release(in Message settled, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var id = settled.Task;
        if (!_tasks.Remove(id, out var task))
        {
            if (_pool.HolderOf(id)?.Held.PartitionKey is { } unknown) _waiting.Release(unknown, id);
            return;
        }

        task.IsReleased = true;
        _parked.Settle(task.Spec.Class);
        _recalls.Forget(task);
        _handOvers.Settle(id, _term, nowMs, effects);
        _votes.Forget(id);
        if (settled.Number > 0) _waiting.Learn(task.Spec, (int)settled.Number);
        _assignments.Settle(task, settled.Epoch, nowMs, effects);
    }

    private void Read(Peer from, NodeReport report, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (report.Term > _term)
        {
            effects.Add(SchedulerEffect.StepDown(_self, report.Term));
            return;
        }

        var node = _pool.Find(from.Node);
        if (node is null || node.Peer.Incarnation != from.Incarnation)
        {
            if (node is { Standing: NodeStanding.Fencing }) return;
            if (node is not null && node.Assigned.Count + node.Held.Count > 0)
            {
                _fencing.Fence(node, FenceReason.Restarted, nowMs, effects);      // the old start of it is dead; what it held is handed over, or found again in the new one's report
                return;
            }

            var earlier = node is { Standing: NodeStanding.Registering } ? node.Earlier : node?.Peer;
            node = _pool.Add(from, nowMs);
            node.Standing = NodeStanding.Registering;
            node.Earlier = earlier;
            effects.Add(SchedulerEffect.Register(from, _term));
            return;
        }

        node.HeardMs = nowMs;
        if (node.Standing == NodeStanding.Fencing) return;
        if (node.Standing == NodeStanding.Registering) return;      // until it is registered a successor would not know to wait for it

        if (report.Term < _term)
        {
            effects.Add(SchedulerEffect.Send(from, Welcome()));
            return;
        }

        if (node.Standing == NodeStanding.Suspect)
        {
            node.Standing = NodeStanding.Active;
            effects.Add(SchedulerEffect.Tell(NewsOf(node), from, _term, report.Held.Count, node.Before));
        }

        node.Reported = true;
        _rollCall.AwaitNoLonger(from.Node);
        node.Peer = from;
        node.Limit = report.Limit;
        node.Hear(report);
        node.Load = report.Load;
        _pool.SetClasses(node, report.Classes);
        _assignments.Reconcile(node, report, nowMs, effects);
        _waiting.Weigh(node, nowMs);
        effects.Add(SchedulerEffect.Send(from, new Message(MessageKind.Heard, _self, Epoch: new Epoch(_term.Generation, _term.Number, 0))));
    }

    private static SchedulerNews NewsOf(ScheduledNode heard)
    {
        if (heard.Reported) return SchedulerNews.HeardAgain;
        return heard.Before == default || heard.Before == heard.Peer.Incarnation ? SchedulerNews.Joined : SchedulerNews.CameBack;
    }

    private void Reconsider(in Message refused, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (!_tasks.TryGetValue(refused.Task, out var task) || task.Epoch != refused.Epoch || task.Node is not { } node || node.Peer.Node != refused.From.Node) return;
        switch ((RefusalReason)refused.Number)
        {
            case RefusalReason.NotHeld:
                _pool.Forget(node, refused.Task);
                task.Inquired = true;
                effects.Add(SchedulerEffect.Send(task.Ledger, new Message(MessageKind.Inquire, _self, refused.Task)));
                return;
            case RefusalReason.StaleEpoch or RefusalReason.OtherIncarnation:
                return;      // its next report says which term it obeys, and which start of it lives
            case RefusalReason.Draining:
                node.Draining = true;
                break;
            case RefusalReason.UnknownClass:
                _pool.SetClasses(node, [.. node.Classes.Where(served => served != task.Spec.Class)]);
                break;
        }

        _pool.Forget(node, refused.Task);
        _assignments.TakeBack(task, nowMs);
    }

    private void Activate(Peer peer, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (_pool.Find(peer) is not { Standing: NodeStanding.Registering } node) return;
        node.Standing = NodeStanding.Suspect;      // active from its first report to this term on
        node.Earlier = null;                       // registered in its place, that start is over
        node.Reported = false;
        node.HeardMs = nowMs;
        effects.Add(SchedulerEffect.Send(peer, Welcome()));
    }

    private void AssignWaiting(long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (!_rollCall.IsOver) return;
        while (_pool.HasRoom && _recalls.HasRoom && _waiting.TryDequeue(nowMs, out var task))
        {
            // A node that still holds it has neither given it back nor been fenced: the task stays there.
            if (_pool.HolderOf(task.Spec.Id) is { } holder)
            {
                _assignments.Adopt(task, holder.Node, holder.Held, nowMs, effects);
                continue;
            }

            if (_recalls.TryLookFor(task, nowMs)) continue;
            if (_pool.Draw(task, nowMs, out var placement) is not { } node)
            {
                _waiting.PutBack(task);
                continue;
            }

            task.Placement = placement;
            _assignments.Give(task, node, nowMs, effects);
        }

        _recalls.Ask(effects);
    }

    /// <summary>Now and then: acknowledges what ledgers announced, asks about what they announce no more, and looks for silent nodes.</summary>
    private void Sweep(long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        _sweepDueMs = nowMs + SweepEveryMs;
        _acknowledgements.Send(_term, effects);
        _unclaimed.Ask(nowMs, effects);
        _recalls.Sweep(nowMs, effects);
        _rollCall.ForgiveSilence(nowMs, SweepEveryMs);
        _parked.TellOfUnserved(_term, nowMs, effects);
        foreach (var node in _pool.Nodes.ToArray())
        {
            // Each knock at a process that is gone says so again: the first may have been heard before we led, or while it might have been starting.
            if (_rollCall.IsAwaited(node)) effects.Add(SchedulerEffect.Send(node.Peer, Welcome()));
            if (node.HeardMs + _settings.Liveness.SilentMs <= nowMs) _fencing.Fence(node, FenceReason.Silent, nowMs, effects);
            else if (node.HeardMs + _settings.Liveness.SuspectMs <= nowMs && node.Standing == NodeStanding.Active)
            {
                node.Standing = NodeStanding.Suspect;
                NodePool.Weigh(node, nowMs);
                effects.Add(SchedulerEffect.Tell(SchedulerNews.Suspected, node.Peer, _term, nowMs - node.HeardMs));
            }
        }
    }

    private Message Welcome() => new(MessageKind.Welcome, _self, Epoch: new Epoch(_term.Generation, _term.Number, 0));
}
