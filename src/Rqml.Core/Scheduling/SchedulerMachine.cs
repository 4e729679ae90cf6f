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
    private const long ConfirmAfterMs = 2_000;
    private const long StartingMs = 2_000;
    private const long RecallTimeoutMs = 2_000;
    private const int MostRecalls = 1_024;
    private const int MostLost = 1_024;
    private const long ListCopiesEveryMs = 300_000;
    private const long Told = long.MaxValue / 2;      // since then nothing is due

    private readonly Peer _self;
    private readonly SchedulerSettings _settings;
    private readonly NodePool _pool;
    private readonly Dictionary<TaskId, ScheduledTask> _tasks = [];
    private readonly HashSet<ClassKey> _parkedClasses = [];
    private readonly Dictionary<ClassKey, long> _unserved = [];       // since when no node runs a class that is waited for, or that it was told of
    private readonly Dictionary<ClassKey, string> _needs = [];      // what a class's tasks cannot run without, as the queue calls it
    private readonly ExpectedDifficulty _difficulty = new();
    private readonly VoteTable _votes;
    private readonly OperatorDesk _operators;
    private long _ledFromMs;
    private readonly List<ScheduledTask> _unacknowledged = [];
    private readonly HashSet<ScheduledTask> _recalled = [];      // whose checkpoints are being looked for
    private HashSet<TaskId> _strays = [];                         // copies of tasks that nobody knew when they were listed last
    private long _listCopiesDueMs;
    private readonly Dictionary<TaskId, HandOver> _moving = [];      // taken from a node that was fenced, and at no other yet
    private TaskQueue<ScheduledTask> _waiting;
    private Term _term;
    private bool _leading;
    private bool _isStoreLost;
    private long _number;
    private long _sweepDueMs = long.MaxValue;
    private long _sweptMs;
    private readonly long _bornMs;
    private readonly Dictionary<(NodeId, Incarnation), (long AtMs, FenceReason Reason)> _lost = [];      // while another led
    private HashSet<NodeId> _unreported = [];

    /// <param name="self">The node that may lead.</param>
    /// <param name="settings">What the host says.</param>
    /// <param name="seed">Of all draws.</param>
    /// <param name="nowMs">When its process came up.</param>
    public SchedulerMachine(Peer self, SchedulerSettings settings, ulong seed, long nowMs)
    {
        _bornMs = nowMs;
        _self = self;
        _settings = settings;
        _pool = new NodePool(seed);
        _votes = new VoteTable(self);
        _operators = new OperatorDesk(self, _pool, _tasks);
        _waiting = NewQueue();
    }

    public long NextDueMs => _leading ? Math.Min(Math.Min(_sweepDueMs, _votes.NextDueMs), _waiting.NextDueMs ?? long.MaxValue) : long.MaxValue;

    public bool IsLeading => _leading;

    public Term Term => _term;

    public int TaskCount => _tasks.Count;

    /// <summary>Tasks taken from a node that had died.</summary>
    public long Moved { get; private set; }

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
            case SchedulerEventKind.Deposed:
                if (_leading) effects.Add(SchedulerEffect.Tell(SchedulerNews.Deposed, _self, _term, _tasks.Count));
                EndTerm();
                break;
            case SchedulerEventKind.Message when _leading:
                Hear(@event.Message, nowMs, effects);
                break;
            case SchedulerEventKind.NodeGone when _leading:
                if (Find(@event.Peer!) is { } gone && !MayBeStarting(gone, nowMs)) Fence(gone, FenceReason.Gone, nowMs, effects);
                break;
            case SchedulerEventKind.NodeUnreachable when _leading:
                if (Find(@event.Peer!) is { } unreachable) Fence(unreachable, FenceReason.Unreachable, nowMs, effects);
                break;
            case SchedulerEventKind.NodeGone or SchedulerEventKind.NodeUnreachable:
                RememberLost(@event.Peer!, @event.Kind == SchedulerEventKind.NodeGone ? FenceReason.Gone : FenceReason.Unreachable, nowMs);
                break;
            case SchedulerEventKind.Registered when _leading && @event.Term == _term:
                Activate(@event.Peer!, nowMs, effects);
                break;
            case SchedulerEventKind.Fenced when _leading && @event.Term == _term:
                HandOver(@event.Peer!, nowMs, effects);
                break;
            case SchedulerEventKind.RefusedAsFenced when _leading && @event.Term == _term:
                TurnAway(@event.Peer!, nowMs, effects);
                break;
            case SchedulerEventKind.Recalled when _leading:
                foreach (var id in @event.Tasks) EndRecall(_tasks.GetValueOrDefault(id), @event.Copies!.GetValueOrDefault(id));
                break;
            case SchedulerEventKind.CopiesListed when _leading:
                RemoveStrays(@event.Tasks, effects);
                break;
            case SchedulerEventKind.StoreLost:
                _isStoreLost = true;
                foreach (var node in _pool.Nodes.ToArray())
                {
                    if (node.Standing == NodeStanding.Fencing) HandOverUnfenced(node, nowMs, effects);
                }

                break;
            case SchedulerEventKind.StoreFound:
                _isStoreLost = false;
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

    /// <summary>All that later decisions go by, for explorations that tell states apart: but for votes, copies of checkpoints, what was learnt, what is drawn, and when something is due.</summary>
    public string Describe()
    {
        var text = new StringBuilder($"{_leading} {_term} {_number} ").AppendJoin(',', _unreported.Select(node => node.Value).Order(StringComparer.Ordinal));
        foreach (var (id, task) in _tasks.OrderBy(task => task.Key)) text.Append($"|{id} {task.Node?.Peer} {task.Epoch} {task.Adopted} {task.Suspicion} {task.Inquired} {_waiting.Contains(id)}");
        text.Append('|').AppendJoin(',', _parkedClasses).Append('|').AppendJoin(',', _lost.Keys).Append('|').Append(_pool.Describe()).Append('|').Append(_waiting.DescribeKeys());
        return text.ToString();
    }

    private void BeginTerm(Term term, IReadOnlyList<Peer> members, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        EndTerm();
        _term = term;
        _leading = true;
        _sweepDueMs = nowMs + SweepEveryMs;
        _sweptMs = _ledFromMs = nowMs;
        _listCopiesDueMs = nowMs + ListCopiesEveryMs;
        _unreported = [.. members.Select(member => member.Node)];
        effects.Add(SchedulerEffect.Tell(SchedulerNews.Elected, _self, term, members.Count));
        foreach (var member in members)
        {
            _pool.Add(member, nowMs);
            effects.Add(SchedulerEffect.Send(member, Welcome()));
            if (_lost.TryGetValue((member.Node, member.Incarnation), out var lost) && lost.AtMs + (2 * _settings.Liveness.SilentMs) > nowMs) Fence(Find(member)!, lost.Reason, nowMs, effects);
        }

        _lost.Clear();
    }

    /// <summary>
    /// Whoever leads next has seen the last leader go, or fall silent, before it led: it need not wait for that once more. But what we saw while we were coming up ourselves says little, as
    /// after a power cut all do.
    /// </summary>
    private void RememberLost(Peer peer, FenceReason reason, long nowMs)
    {
        if (nowMs < _bornMs + StartingMs) return;
        if (_lost.Count >= MostLost) _lost.Clear();
        _lost[(peer.Node, peer.Incarnation)] = (nowMs, reason);
    }

    private void EndTerm()
    {
        _leading = false;
        _number = 0;
        _tasks.Clear();
        _moving.Clear();
        _unacknowledged.Clear();
        _recalled.Clear();
        _strays.Clear();
        _votes.Clear();
        _pool.Clear();
        _parkedClasses.Clear();
        _unserved.Clear();
        _needs.Clear();
        _waiting = NewQueue();
    }

    private TaskQueue<ScheduledTask> NewQueue() => new(_settings.MaxTasks, _settings.AgeEveryMs);

    private void Hear(in Message message, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        switch (message.Kind)
        {
            case MessageKind.Announce:
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

    /// <summary>The nodes that could vote on a class, in a fixed order.</summary>
    private Peer[] VotersOf(ClassKey @class) =>
        [.. _pool.Nodes.Where(node => node is { Standing: NodeStanding.Active, Reported: true, Draining: false } && node.Classes.Contains(@class)).Select(node => node.Peer).OrderBy(peer => peer.Node.Value, StringComparer.Ordinal)];

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
            Acknowledge(known);
            if (lost) Unassign(known, nowMs);      // its node does not hold it, and the ledger says that it is still open
            return;
        }

        if (_tasks.Count >= _settings.MaxTasks) return;      // not acknowledged: the ledger announces it again
        var task = new ScheduledTask(Announcement.Translate((TaskSpec)announced.Body!, announced.Number, nowMs), ledger, nowMs) { Watched = isWatched, MayHaveLeft = isKnownBefore };
        _tasks.Add(id, task);
        Acknowledge(task);
        if (_pool.HolderOf(id) is { } holder) Adopt(task, holder.Node, holder.Held, nowMs, effects);
        else if (isLent) AwaitReport(task, nowMs);
        else Enqueue(task);
    }

    /// <summary>The node of its ledger's process took it while nobody led, and says so with its next report: given out before, it would run twice. As with copies of checkpoints, it waits no longer than a moment.</summary>
    private void AwaitReport(ScheduledTask task, long nowMs)
    {
        task.RecallMs = nowMs;
        _recalled.Add(task);
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
        _recalled.Remove(task);
        if (_moving.Count > 0 && _moving.Remove(id, out var handOver) && handOver.Settle()) EndHandOver(handOver, nowMs, effects);
        _votes.Forget(id);
        if (settled.Number > 0) _difficulty.Learn(task.Spec.Class.Name, (int)settled.Number, task.Spec.Budget.Iterations ?? _settings.IterationLimit(task.Spec.Class));
        if (task.Node is { } node)
        {
            node.Assigned.Remove(id);
            if (settled.Epoch == task.Epoch) node.Reliability = node.Reliability.Finished(nowMs);
            else Revoke(node, id, task.Epoch, effects);      // it was cancelled, or another attempt was quicker: the node may still work on it
            Weigh(node, nowMs);
        }
        else
        {
            _waiting.Remove(id);
        }

        if (task.Spec.PartitionKey is { } key) _waiting.Release(key, id);
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
                Fence(node, FenceReason.Restarted, nowMs, effects);      // the old start of it is dead; what it held is handed over, or found again in the new one's report
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
        _unreported.Remove(from.Node);
        node.Peer = from;
        node.Limit = report.Limit;
        node.Hear(report);
        node.Load = report.Load;
        _pool.SetClasses(node, report.Classes);
        Reconcile(node, report, nowMs, effects);
        Weigh(node, nowMs);
        effects.Add(SchedulerEffect.Send(from, new Message(MessageKind.Heard, _self, Epoch: new Epoch(_term.Generation, _term.Number, 0))));
    }

    private static SchedulerNews NewsOf(ScheduledNode heard)
    {
        if (heard.Reported) return SchedulerNews.HeardAgain;
        return heard.Before == default || heard.Before == heard.Peer.Incarnation ? SchedulerNews.Joined : SchedulerNews.CameBack;
    }

    /// <summary>Compares what the node holds with what it was given.</summary>
    private void Reconcile(ScheduledNode node, NodeReport report, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var held = new HashSet<TaskId>(report.Held.Count);
        foreach (var entry in report.Held)
        {
            var id = entry.Attempt.Task;
            held.Add(id);
            _pool.Remember(node, entry);
            if (!_tasks.TryGetValue(id, out var task))
            {
                // Its ledger will announce it, or has settled it. Until we know, no other task of its key may go.
                if (entry.PartitionKey is { } key) _waiting.Hold(key, id);
                continue;
            }

            if (task.Node == node && task.Epoch == entry.Attempt.Epoch)
            {
                task.Checkpoint = null;      // it has come to where the node has it
                if (entry.AwaitsAdoption) SendAssignment(task, node, nowMs, effects);      // our agreement was lost on the way
                continue;
            }

            if (task.Node is { } holder && task.Epoch < entry.Attempt.Epoch)
            {
                // Two starts of one node, or two nodes, hold the task: the later attempt is the one that was last agreed on.
                Revoke(holder, id, task.Epoch, effects);
                Withdraw(task, holder, nowMs);
            }

            if (task.Node is null) Adopt(task, node, entry, nowMs, effects);
            else Revoke(node, id, entry.Attempt.Epoch, effects);
        }

        ReleaseUnknown(node, held);
        _pool.ForgetHeld(node, held);
        foreach (var id in node.Assigned)
        {
            var task = _tasks[id];
            if (held.Contains(id) || task.AssignedMs + ConfirmAfterMs > nowMs) continue;
            task.AssignedMs = nowMs;
            SendAssignment(task, node, nowMs, effects);      // lost on the way, or finished: the node answers which
        }
    }

    /// <summary>What no ledger has announced here, and the node holds no longer, leaves its key to others.</summary>
    private void ReleaseUnknown(ScheduledNode node, HashSet<TaskId> still)
    {
        foreach (var id in node.Held)
        {
            if (still.Contains(id) || _tasks.ContainsKey(id) || _pool.HolderOf(id) is not { } holding || holding.Node != node) continue;
            if (holding.Held.PartitionKey is { } key) _waiting.Release(key, id);
        }
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
        Unassign(task, nowMs);
    }

    /// <summary>That start of the node, as far as it is known.</summary>
    private ScheduledNode? Find(Peer peer) => _pool.Find(peer.Node) is { } node && node.Peer.Incarnation == peer.Incarnation ? node : null;

    private void Activate(Peer peer, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (Find(peer) is not { Standing: NodeStanding.Registering } node) return;
        node.Standing = NodeStanding.Suspect;      // active from its first report to this term on
        node.Earlier = null;                       // registered in its place, that start is over
        node.Reported = false;
        node.HeardMs = nowMs;
        effects.Add(SchedulerEffect.Send(peer, Welcome()));
    }

    private void Fence(ScheduledNode node, FenceReason reason, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (node.Standing == NodeStanding.Fencing) return;
        node.Standing = NodeStanding.Fencing;
        NodePool.Weigh(node, 0);
        effects.Add(SchedulerEffect.Tell(SchedulerNews.GivenUp, node.Peer, _term, node.Assigned.Count, reason));
        effects.Add(SchedulerEffect.Fence(node.Peer, _term));
        if (_isStoreLost) HandOverUnfenced(node, nowMs, effects);
    }

    /// <summary>
    /// The store does not answer, so nobody is fenced. What has no partition key goes elsewhere all the same: run twice it is wasted work, as the first result settles it. What has one waits
    /// for the fence, and the node stays given up until it is there.
    /// </summary>
    private void HandOverUnfenced(ScheduledNode node, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var free = node.Assigned.Where(id => _tasks[id].Spec.PartitionKey is null).ToArray();
        if (free.Length == 0) return;
        effects.Add(SchedulerEffect.Tell(SchedulerNews.HandedOverUnfenced, node.Peer, _term, free.Length, node.Assigned.Count - free.Length));
        foreach (var id in free)
        {
            Blame(node, id, nowMs);
            _pool.Forget(node, id);
            Moved++;
            Unassign(_tasks[id], nowMs);
        }
    }

    /// <summary>The node is lost, perhaps to one of its tasks.</summary>
    private void Blame(ScheduledNode node, TaskId id, long nowMs)
    {
        node.Reliability = node.Reliability.Failed(nowMs);
        if (node.Draining) return;      // it was leaving: that it has gone is nobody's fault
        var suspect = _tasks[id];
        suspect.Suspicion = suspect.Suspicion.After(_pool.HolderOf(id)?.Held.Iteration ?? 0);
    }

    /// <summary>The fence is in the store: whatever that start of the node still does is refused, so its work may go elsewhere.</summary>
    private void HandOver(Peer fenced, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (Find(fenced) is not { } node) return;
        foreach (var id in node.Assigned) Blame(node, id, nowMs);

        ReleaseUnknown(node, []);
        _pool.Remove(node);
        _votes.Excuse(node.Peer.Node, nowMs, effects);
        if (node.Earlier is { } earlier)
        {
            // It went before it was registered: the start before it is still a member, and nothing of what that one may hold is anybody's yet.
            Fence(_pool.Add(earlier, nowMs), FenceReason.Restarted, nowMs, effects);
            return;
        }

        _unreported.Remove(fenced.Node);
        effects.Add(SchedulerEffect.Tell(SchedulerNews.Fenced, fenced, _term, node.Assigned.Count));
        var handOver = new HandOver(fenced, node.Assigned.Count, nowMs);
        foreach (var id in node.Assigned.ToArray())
        {
            var task = _tasks[id];
            Moved++;
            _moving[id] = handOver;
            Unassign(task, nowMs);
        }
    }

    /// <summary>A node has the task; where it was taken from another one, that one's operator may be waiting to hear it.</summary>
    private void Arrive(TaskId task, ScheduledNode node, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (_moving.Count > 0 && _moving.Remove(task, out var handOver) && handOver.Take(node.Peer.Node)) EndHandOver(handOver, nowMs, effects);
    }

    private void EndHandOver(HandOver handOver, long nowMs, EffectBuffer<SchedulerEffect> effects) =>
        effects.Add(SchedulerEffect.Tell(SchedulerNews.HandedOver, handOver.From, _term, nowMs - handOver.BeganMs, handOver));

    /// <summary>A node that is fenced and lives: it comes back as a new start of itself.</summary>
    private void TurnAway(Peer fenced, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        effects.Add(SchedulerEffect.Tell(SchedulerNews.TurnedAway, fenced, _term, 0));
        HandOver(fenced, nowMs, effects);
        effects.Add(SchedulerEffect.Send(fenced, new Message(MessageKind.Fenced, _self, Epoch: new Epoch(_term.Generation, _term.Number, 0), Number: (long)fenced.Incarnation.Value)));
    }

    private void Adopt(ScheduledTask task, ScheduledNode node, HeldAttempt held, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var epoch = held.Attempt.Epoch;
        EndRecall(task);
        if (task.Spec.PartitionKey is { } key)
        {
            _waiting.Remove(task.Spec.Id);
            if (!_waiting.Hold(key, task.Spec.Id))
            {
                Enqueue(task);      // another task of the key is out: one of the two is settled, and we are about to hear which
                return;
            }
        }
        else
        {
            _waiting.Remove(task.Spec.Id);
        }

        task.Node = node;
        task.Epoch = epoch;
        task.Adopted = true;
        task.Suspicion = Suspicion.Graver(task.Suspicion, held.Suspicion);
        task.AssignedMs = nowMs;
        node.Assigned.Add(task.Spec.Id);
        if (new Term(epoch.Generation, epoch.Term) == _term) _number = Math.Max(_number, epoch.Number);
        Arrive(task.Spec.Id, node, nowMs, effects);
        SendAssignment(task, node, nowMs, effects);
    }

    private void Unassign(ScheduledTask task, long nowMs)
    {
        if (task.Node is { } node) Withdraw(task, node, nowMs);
        task.Inquired = false;
        task.MayHaveLeft = true;
        Enqueue(task);
    }

    /// <summary>Its node is lost, or another leader had it: before it is given out, the store says how far it has come.</summary>
    private bool TryRecall(ScheduledTask task, ref List<TaskId>? wanted, long nowMs)
    {
        if (!_settings.RecallsCheckpoints || !task.MayHaveLeft) return false;
        task.MayHaveLeft = false;
        task.RecallMs = nowMs;
        _recalled.Add(task);
        (wanted ??= []).Add(task.Spec.Id);
        return true;
    }

    /// <summary>The store has answered, or it has taken too long: the task has its turn.</summary>
    private void EndRecall(ScheduledTask? task, byte[]? checkpoint)
    {
        if (task is null || !EndRecall(task)) return;
        task.Checkpoint = checkpoint;

        // Nobody was given it in this term. An earlier one of its key may have been announced meanwhile, and goes first.
        if (task is { Epoch.Number: 0, Spec.PartitionKey: { } key }) _waiting.Release(key, task.Spec.Id);
        Enqueue(task);
    }

    private bool EndRecall(ScheduledTask task)
    {
        task.RecallMs = null;
        return _recalled.Remove(task);
    }

    /// <summary>A copy whose task neither a ledger nor a node has spoken of from one list to the next belongs to nobody: it was settled while the node that had it was dead.</summary>
    private void RemoveStrays(IReadOnlyList<TaskId> copied, EffectBuffer<SchedulerEffect> effects)
    {
        var unknown = copied.Where(id => !_tasks.ContainsKey(id) && _pool.HolderOf(id) is null).ToHashSet();
        var strays = unknown.Where(_strays.Contains).ToArray();
        _strays = unknown;
        if (strays.Length > 0) effects.Add(SchedulerEffect.RemoveCopies(_self, strays, _term));
    }

    private void Withdraw(ScheduledTask task, ScheduledNode node, long nowMs)
    {
        task.Node = null;
        node.Assigned.Remove(task.Spec.Id);
        Weigh(node, nowMs);
    }

    private void Revoke(ScheduledNode node, TaskId task, Epoch epoch, EffectBuffer<SchedulerEffect> effects) =>
        effects.Add(SchedulerEffect.Send(node.Peer, new Message(MessageKind.Revoke, _self, task, epoch)));

    private void Enqueue(ScheduledTask task)
    {
        var spec = task.Spec;
        if (!_parkedClasses.Contains(spec.Class) && !_pool.Serves(spec.Class)) Park(spec.Class);
        _waiting.Requeue(task, new QueueTicket
        {
            Task = spec.Id,
            Class = spec.Class.Name,
            Priority = spec.Priority,
            Difficulty = DifficultyOf(spec),
            EnqueuedMs = task.TakenMs,
            NotBeforeMs = spec.NotBeforeMs,
            PartitionKey = spec.PartitionKey,
            Needs = NeedOf(spec.Class),
        });
    }

    private double DifficultyOf(TaskSpec spec) => _difficulty.Of(spec.Class.Name, double.IsNaN(spec.Difficulty) ? null : spec.Difficulty);

    private string NeedOf(ClassKey @class)
    {
        if (!_needs.TryGetValue(@class, out var name)) _needs.Add(@class, name = @class.ToString());
        return name;
    }

    private void Park(ClassKey @class)
    {
        if (_parkedClasses.Add(@class)) _waiting.Park(NeedOf(@class));
    }

    /// <summary>Brings the node's place in the draw up to date; where it has room, the classes that it serves have somewhere to go again.</summary>
    private void Weigh(ScheduledNode node, long nowMs)
    {
        NodePool.Weigh(node, nowMs);
        if (_parkedClasses.Count == 0 || NodePool.WeightOf(node, nowMs).Value <= 0) return;
        foreach (var served in node.Classes)
        {
            if (!_parkedClasses.Remove(served)) continue;
            _unserved.Remove(served);
            _waiting.Unpark(NeedOf(served));
        }
    }

    private void AssignWaiting(long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        // A new leader first hears what runs already: from each registered node, or from the store that it is fenced. Silent ones are fenced within seconds.
        if (_unreported.Count > 0) return;
        List<TaskId>? wanted = null;
        while (_pool.HasRoom && _recalled.Count < MostRecalls && _waiting.TryDequeue(nowMs, out var task))
        {
            // A node that still holds it has neither given it back nor been fenced: the task stays there.
            if (_pool.HolderOf(task.Spec.Id) is { } holder)
            {
                Adopt(task, holder.Node, holder.Held, nowMs, effects);
                continue;
            }

            if (TryRecall(task, ref wanted, nowMs)) continue;
            if (_pool.Draw(task, nowMs, out var placement) is not { } node)
            {
                Park(task.Spec.Class);      // nobody who serves it has room; other classes go on
                Enqueue(task);
                continue;
            }

            task.Placement = placement;
            Assign(task, node, nowMs, effects);
        }

        if (wanted is not null) effects.Add(SchedulerEffect.Recall(_self, [.. wanted]));
    }

    private void Assign(ScheduledTask task, ScheduledNode node, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        task.Node = node;
        task.Epoch = new Epoch(_term.Generation, _term.Number, ++_number);
        task.Adopted = false;
        task.AssignedMs = nowMs;
        node.Assigned.Add(task.Spec.Id);
        if (task.Spec.PartitionKey is { } key) _pool.KeyRanAt(key, node.Peer.Node);
        NodePool.Weigh(node, nowMs);
        Arrive(task.Spec.Id, node, nowMs, effects);
        SendAssignment(task, node, nowMs, effects);
    }

    private void SendAssignment(ScheduledTask task, ScheduledNode node, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var remainingMs = task.Spec.DeadlineMs == long.MaxValue ? long.MaxValue : Math.Max(0, task.Spec.DeadlineMs - nowMs);
        var assignment = new Assignment(task.Spec, task.Ledger, node.Peer.Incarnation, remainingMs, task.Watched)
        {
            Term = _term,
            Adopted = task.Adopted,
            Suspicion = task.Suspicion,
            Difficulty = DifficultyOf(task.Spec),
            Checkpoint = task.Checkpoint,
        };
        effects.Add(SchedulerEffect.Send(node.Peer, new Message(MessageKind.Assign, _self, task.Spec.Id, task.Epoch, Body: assignment)));
    }

    /// <summary>The ledger is to hear that the task is here, with the next sweep.</summary>
    private void Acknowledge(ScheduledTask task)
    {
        if (task.IsUnacknowledged) return;
        task.IsUnacknowledged = true;
        _unacknowledged.Add(task);
    }

    /// <summary>Now and then: acknowledges what ledgers announced, and looks for silent nodes.</summary>
    private void Sweep(long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        _sweepDueMs = nowMs + SweepEveryMs;
        foreach (var group in _unacknowledged.Where(task => !task.IsReleased).GroupBy(task => task.Ledger))
        {
            var ids = group.Select(task => task.Spec.Id).ToArray();
            effects.Add(SchedulerEffect.Send(group.Key, new Message(MessageKind.Announced, _self, Epoch: new Epoch(_term.Generation, _term.Number, 0), Body: ids)));
        }

        foreach (var task in _unacknowledged) task.IsUnacknowledged = false;
        _unacknowledged.Clear();
        foreach (var task in _recalled.Where(task => task.RecallMs + RecallTimeoutMs <= nowMs).ToArray()) EndRecall(task, null);
        if (_settings.RecallsCheckpoints && _listCopiesDueMs <= nowMs)
        {
            _listCopiesDueMs = nowMs + ListCopiesEveryMs;
            effects.Add(SchedulerEffect.ListCopies(_self));
        }

        ForgiveSilence(nowMs);
        TellOfUnserved(nowMs, effects);
        foreach (var node in _pool.Nodes.ToArray())
        {
            // Each knock at a process that is gone says so again: the first may have been heard before we led, or while it might have been starting.
            if (IsAwaited(node)) effects.Add(SchedulerEffect.Send(node.Peer, Welcome()));
            if (node.HeardMs + _settings.Liveness.SilentMs <= nowMs) Fence(node, FenceReason.Silent, nowMs, effects);
            else if (node.HeardMs + _settings.Liveness.SuspectMs <= nowMs && node.Standing == NodeStanding.Active)
            {
                node.Standing = NodeStanding.Suspect;
                NodePool.Weigh(node, nowMs);
                effects.Add(SchedulerEffect.Tell(SchedulerNews.Suspected, node.Peer, _term, nowMs - node.HeardMs));
            }
        }
    }

    /// <summary>Tasks of a class, or of a version of it, that no node runs wait until one joins that does. A node that restarts may take a while; after that it is worth a word, once.</summary>
    private void TellOfUnserved(long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        foreach (var @class in _parkedClasses)
        {
            if (_pool.Serves(@class)) _unserved.Remove(@class);
            else if (!_unserved.TryGetValue(@class, out var sinceMs)) _unserved.Add(@class, nowMs);
            else if (sinceMs + _settings.Liveness.SilentMs <= nowMs && _tasks.Values.Count(task => task.Spec.Class == @class) is > 0 and var waiting)
            {
                _unserved[@class] = Told;
                effects.Add(SchedulerEffect.Tell(SchedulerNews.Unserved, _self, _term, waiting, @class));
            }
        }
    }

    /// <summary>While we were not running ourselves (a stopped process, a machine asleep) we could hear nobody: that silence is no node's fault.</summary>
    private void ForgiveSilence(long nowMs)
    {
        var lateMs = nowMs - _sweptMs - (2 * SweepEveryMs);
        _sweptMs = nowMs;
        if (lateMs <= 0) return;
        foreach (var node in _pool.Nodes) node.HeardMs = Math.Min(nowMs, node.HeardMs + lateMs);
    }

    /// <summary>Whether a node that we only know of may be coming up as we are: after a power cut all come up at once, and what it holds is worth a moment.</summary>
    private bool MayBeStarting(ScheduledNode node, long nowMs) => IsAwaited(node) && nowMs < _bornMs + StartingMs;

    /// <summary>Whether it was registered when the term began, and has neither reported to it nor is being fenced.</summary>
    private bool IsAwaited(ScheduledNode node) => _unreported.Contains(node.Peer.Node) && !node.Reported && node.Standing != NodeStanding.Fencing;

    private Message Welcome() => new(MessageKind.Welcome, _self, Epoch: new Epoch(_term.Generation, _term.Number, 0));
}

/// <summary>What the host says of the scheduler. Immutable.</summary>
internal sealed record SchedulerSettings
{
    /// <summary>Open tasks at most; what is announced beyond waits at its ledger.</summary>
    public int MaxTasks { get; init; } = 1_000_000;

    /// <summary>Iterations after which a class's tasks end; for classes that only others know, the default.</summary>
    public Func<ClassKey, int> IterationLimit { get; init; } = static _ => new Refinement.ClassPolicy().MaxIterations;

    public long AgeEveryMs { get; init; } = 30_000;

    /// <summary>Whether nodes copy checkpoints into the coordination store.</summary>
    public bool RecallsCheckpoints { get; init; }

    public Liveness Liveness { get; init; } = Liveness.Default;
}
