using System.Collections.Immutable;
using System.Text;
using Rqml.Cluster;
using Rqml.Core.Tests.Cluster;
using Rqml.Core.Tests.Nodes;
using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Scheduling;
using Rqml.Tasks;
using Rqml.Testing.Exploration;

namespace Rqml.Core.Tests.Scheduling;

/// <summary>
/// Two processes that may lead, each on the shipped leadership and scheduler machines, and two shipped nodes with their disks; a store, and tasks of one partition key, whose ledger is the
/// model's own. What was sent comes at any time, in any order, any number of times, or never. A write to the store is carried out at any time; what is read is read at once. The first
/// process leads when the exploration begins, and both nodes have reported to it. Whose lease has run out stands for no further election. The store may be put back to how it was then, also before
/// the exploration begins, as more than one such way is too much to be exhausted; some time later an operator raises its generation.
/// </summary>
internal sealed class KeyModel
{
    private const int Leaders = 2;
    private const int Nodes = 2;
    private const string Key = "key";

    private static readonly CoordinationKeys Keys = new("explored");
    private static readonly Peer Ledger = new(new NodeId("ledger"), new Incarnation(9), "");
    private static readonly ClassKey Class = new("explored", 1);

    private readonly Instance _instance;
    private readonly TaskId[] _ids;
    private readonly LeadershipMachine[] _leaderships = new LeadershipMachine[Leaders];
    private readonly ExploredScheduler[] _schedulers = new ExploredScheduler[Leaders];
    private readonly ExploredNode[] _nodes = new ExploredNode[Nodes];
    private readonly string?[] _nodeTexts = new string?[Nodes];
    private readonly string?[] _leadershipTexts = new string?[Leaders];
    private string? _storeText;
    private readonly bool[] _ownsScheduler = new bool[Leaders];      // else it is shared with the states that this one comes from
    private readonly bool[] _ownsNode = new bool[Nodes];
    private readonly long[] _seen = new long[Leaders];
    private readonly bool[] _hasToAsk = new bool[Leaders];      // its watch has ended
    private readonly List<(int Leader, LeadershipEffect Effect)> _writes = [];
    private ImmutableSortedDictionary<string, Sent> _network = ImmutableSortedDictionary.Create<string, Sent>(StringComparer.Ordinal);
    private ImmutableSortedDictionary<Epoch, string> _issued = ImmutableSortedDictionary<Epoch, string>.Empty;
    private ImmutableSortedDictionary<TaskId, (Epoch Epoch, NodeId Node)> _given = ImmutableSortedDictionary<TaskId, (Epoch, NodeId)>.Empty;
    private ImmutableSortedDictionary<Epoch, Incarnation> _addressed = ImmutableSortedDictionary<Epoch, Incarnation>.Empty;      // the start of a node that was told to run it, or to go on with it
    private ImmutableSortedDictionary<string, Term> _obeyed = ImmutableSortedDictionary.Create<string, Term>(StringComparer.Ordinal);
    private ImmutableSortedSet<TaskId> _settled = [];
    private ImmutableSortedSet<Epoch> _refused = [];
    private ModelStore _store = ModelStore.Empty;
    private ModelStore _backup = ModelStore.Empty;
    private ImmutableSortedSet<string> _overBefore = [];      // starts of nodes that were over before the store forgot it
    private bool _isRaiseDue;
    private int _restores;
    private long _written;
    private int _expiries;
    private int _doubts;
    private int _deaths;
    private bool _isCut;
    private string? _violation;

    public KeyModel(Instance instance)
    {
        _instance = instance;
        var ids = new TaskIdSource(new LedgerId(7), 1);
        _ids = [.. Enumerable.Range(0, instance.Tasks).Select(_ => ids.Next(1_000))];
        for (var leader = 0; leader < Leaders; leader++)
        {
            var self = new Peer(new NodeId($"leader-{leader}"), new Incarnation((ulong)leader + 1), "");
            _leaderships[leader] = new LeadershipMachine(self, Keys, isCandidate: true, seed: self.Incarnation.Value);
            _schedulers[leader] = new ExploredScheduler(self, instance.Seed, machine => instance.Mutant.Bend(machine));
        }

        for (var node = 0; node < Nodes; node++) _nodes[node] = new ExploredNode($"node-{node}", (ulong)node + 1, lanes: 1, machine => instance.Mutant.Bend(machine)) { KeepsReports = true };
        Begin();
    }

    private KeyModel(KeyModel from)
    {
        (_instance, _ids) = (from._instance, from._ids);
        for (var leader = 0; leader < Leaders; leader++) (_leaderships[leader], _leadershipTexts[leader], _schedulers[leader], _seen[leader], _hasToAsk[leader]) = (from._leaderships[leader], from._leadershipTexts[leader], from._schedulers[leader], from._seen[leader], from._hasToAsk[leader]);
        for (var node = 0; node < Nodes; node++) (_nodes[node], _nodeTexts[node]) = (from._nodes[node], from._nodeTexts[node]);
        _writes.AddRange(from._writes);
        (_network, _issued, _given, _addressed, _obeyed, _settled, _refused) = (from._network, from._issued, from._given, from._addressed, from._obeyed, from._settled, from._refused);
        _storeText = from._storeText;
        (_store, _backup, _written, _expiries, _doubts, _deaths, _isCut) = (from._store, from._backup, from._written, from._expiries, from._doubts, from._deaths, from._isCut);
        (_overBefore, _isRaiseDue, _restores) = (from._overBefore, from._isRaiseDue, from._restores);
    }

    public string? Violation => _violation;

    /// <summary>Every task is settled; or the way is longer than the instance follows it.</summary>
    public bool IsGoal => _isCut || _settled.Count == _ids.Length;

    public IEnumerable<Move<KeyModel>> Moves()
    {
        if (IsGoal) yield break;
        foreach (var (name, sent) in _network)
        {
            if (IsHeard(sent)) yield return On(sent.Detail.Length == 0 ? name : $"{name}: {sent.Detail}", model => model.Deliver(sent));
        }

        for (var index = 0; index < _writes.Count; index++)
        {
            var at = index;
            yield return On($"{_writes[at].Leader} writes {_writes[at].Effect.Transaction!.Changes[0].Key[Keys.Prefix.Length..]}", model => model.Write(at));
        }

        for (var leader = 0; leader < Leaders; leader++)
        {
            var number = leader;
            if (_seen[leader] < _store.Revision) yield return On($"the watch tells {number}", model => model.Feed(number, LeadershipEvent.Saw(model._store.Snapshot)));
            if (_hasToAsk[leader]) yield return On($"{number} reads what the store has", model => model.Ask(number));
            if (_doubts == _instance.Doubts || !_schedulers[leader].Machine.IsLeading) continue;
            foreach (var node in _schedulers[leader].Machine.Nodes.Where(node => node.Standing != NodeStanding.Fencing))
            {
                var peer = node.Peer;
                yield return On($"{number} gives {Name(peer)} up", model => model.Doubt(number, peer), isFault: true);
            }
        }

        for (var node = 0; node < Nodes; node++)
        {
            var number = node;
            if (_nodes[node].Machine is not { } machine)
            {
                yield return On($"node {number} starts", model => model.Start(number));
                continue;
            }

            if (Led is { } led && (machine.Leader is null || led.Term > machine.Term)) yield return On($"the watch tells node {number}", model => model.Hear(number, NodeEvent.Led(led.Leader, led.Term)));
            if (_nodes[node].HasPending) yield return On($"node {number} commits", model => model.CarryOut(number, model.Touch(number).Commit()));
            foreach (var attempt in _nodes[node].Runs.Keys) yield return On($"node {number} finishes {Name(attempt.Task)}", model => model.Finish(number, attempt));
            if (_deaths == _instance.Deaths) continue;
            yield return On($"node {number} is killed", model => model.Die(number, isWritten: false), isFault: true);
            if (_nodes[node].HasWrites) yield return On($"node {number} is killed after the write", model => model.Die(number, isWritten: true), isFault: true);
        }

        if (_isRaiseDue) yield return On("an operator raises the generation", model => model.Raise());
        if (_restores < _instance.Restores && _store.Revision > _backup.Revision) yield return On("the store is restored", model => model.Restore(), isFault: true);
        if (_expiries < _instance.Expiries && _store.Entries.TryGetValue(Keys.Leader, out var leads)) yield return On("the leader's lease runs out", model => model.Expire(leads.Lease.Value), isFault: true);
    }

    public UInt128 Fingerprint()
    {
        var print = new Fingerprint();
        print.Add(_storeText ??= _store.Describe());
        for (var leader = 0; leader < Leaders; leader++)
        {
            print.Add(_leadershipTexts[leader] ??= _leaderships[leader].Describe());
            print.Add(_schedulers[leader].Describe());
            print.Add(_seen[leader]);
            print.Add(_hasToAsk[leader]);
        }

        for (var node = 0; node < Nodes; node++) print.Add(_nodeTexts[node] ??= TextOf(_nodes[node]));
        foreach (var number in (ReadOnlySpan<long>)[_writes.Count, _network.Count, _issued.Count, _given.Count, _addressed.Count, _obeyed.Count, _settled.Count, _refused.Count, _expiries, _doubts, _deaths, _restores, _written]) print.Add(number);
        print.Add(_isCut);
        print.Add(_isRaiseDue);
        foreach (var start in _overBefore) print.Add(start);
        foreach (var (leader, effect) in _writes)
        {
            print.Add(leader);
            print.Add((long)effect.Nonce);
        }

        foreach (var (name, sent) in _network)
        {
            print.Add(name);
            print.Add(sent.Detail);
        }

        foreach (var (epoch, _) in _issued) print.Add(epoch);
        foreach (var (task, given) in _given)
        {
            print.Add(Name(task));
            print.Add(given.Epoch);
            print.Add(given.Node.Value);
        }

        foreach (var (epoch, start) in _addressed)
        {
            print.Add(epoch);
            print.Add((long)start.Value);
        }

        foreach (var (node, term) in _obeyed)
        {
            print.Add(node);
            print.Add(term.Generation);
            print.Add(term.Number);
        }

        foreach (var task in _settled) print.Add(Name(task));
        foreach (var epoch in _refused) print.Add(epoch);
        return print.End();
    }

    private static string TextOf(ExploredNode node)
    {
        var text = new StringBuilder();
        node.Describe(text);
        return text.ToString();
    }

    /// <summary>A raised generation ends whatever leadership there was.</summary>
    private (Peer Leader, Term Term)? Led =>
        _store.Entries.TryGetValue(Keys.Leader, out var leader) && !(_store.Entries.TryGetValue(Keys.Generation, out var raised) && raised.ModifiedRevision > leader.ModifiedRevision)
            ? (CoordinationKeys.Read(leader).Peer, new Term(CoordinationKeys.ReadGeneration(_store.Snapshot.Find(Keys.Generation)), leader.ModifiedRevision))
            : null;

    private Move<KeyModel> On(string name, Action<KeyModel> change, bool isFault = false)
    {
        var next = new KeyModel(this);
        change(next);
        next.Check();
        return new Move<KeyModel>(name, next, isFault);
    }

    /// <summary>The first process is elected, the nodes join it, and everything that follows from that has happened; no task is known to anybody yet.</summary>
    private void Begin()
    {
        for (var leader = 0; leader < Leaders; leader++)
        {
            Feed(leader, LeadershipEvent.Granted(new LeaseId((_store = _store.Grant()).LastLease)));
            Settle();
        }

        for (var node = 0; node < Nodes; node++)
        {
            Start(node);
            Hear(node, NodeEvent.Led(Led!.Value.Leader, Led.Value.Term));
            Settle();
        }

        (_written, _backup) = (0, _store);
        if (_instance.Forgets == Forgotten.Election) Expire(_store.Entries[Keys.Leader].Lease.Value);
        Settle();
        foreach (var task in _ids) Announce(task);
        if (_instance.Forgets == Forgotten.Nothing) return;
        Settle();
        var holder = _nodes.First(node => node.Machine!.HeldCount > 0);      // of the first task
        if (_instance.Forgets == Forgotten.Fence)
        {
            Feed(0, SchedulerEvent.NodeUnreachable(holder.Self));
            Write(0);      // nobody but the leader has heard of it
        }

        Restore();
        (_written, _isCut) = (0, false);
        foreach (var task in _ids) Announce(task);
    }

    private void Settle()
    {
        while (true)
        {
            while (_writes.Count > 0) Write(0);
            for (var leader = 0; leader < Leaders; leader++)
            {
                if (_seen[leader] < _store.Revision) Feed(leader, LeadershipEvent.Saw(_store.Snapshot));
            }

            for (var node = 0; node < Nodes; node++)
            {
                if (_nodes[node].Machine is not null && _nodes[node].HasPending) CarryOut(node, Touch(node).Commit());
            }

            var sent = _network.Values.ToArray();
            _network = _network.Clear();
            foreach (var one in sent) Deliver(one);
            if (sent.Length + _writes.Count == 0) return;
        }
    }

    private void Announce(TaskId task)
    {
        for (var leader = 0; leader < Leaders; leader++)
        {
            Post(_leaderships[leader].Self, new Message(MessageKind.Announce, Ledger, task, Body: new TaskSpec { Id = task, Class = Class, Payload = default, PartitionKey = Key }));
        }
    }

    /// <summary>What is sent stays on its way for ever, but for reports: of these the newest of a start to a term takes the place of the one before.</summary>
    private void Post(Peer to, in Message message)
    {
        if (message.Kind is MessageKind.Heard or MessageKind.Announced or MessageKind.Greet) return;
        var (name, detail) = message.Body switch
        {
            NodeReport report => ($" of {report.Term}", string.Join(',', report.Held.Select(held => $"{Name(held.Attempt.Task)}@{held.Attempt.Epoch}{(held.AwaitsAdoption ? "?" : "")}"))),
            Assignment assignment => ($" to {assignment.To} in {assignment.Term}{(assignment.Adopted ? ", adopted" : "")} after {assignment.Suspicion.Deaths}", ""),
            _ => ("", ""),
        };
        _network = _network.SetItem($"{to.Node} gets {message.Kind} {Name(message.Task)} {message.Epoch} {message.Number} from {Name(message.From)}{name}", new Sent(to.Node, message, detail));
    }

    private bool IsHeard(in Sent sent)
    {
        var to = sent.To;
        return Array.FindIndex(_nodes, node => node.Self.Node == to) is not (>= 0 and var at) || _nodes[at].Machine is not null;
    }

    private void Deliver(in Sent sent)
    {
        var to = sent.To;
        if (to == Ledger.Node) Tell(sent.Message);
        else if (Array.FindIndex(_leaderships, leadership => leadership.Self.Node == to) is >= 0 and var leader) Feed(leader, SchedulerEvent.Of(sent.Message));
        else Hear(Array.FindIndex(_nodes, node => node.Self.Node == to), NodeEvent.Of(sent.Message));
    }

    /// <summary>What the ledger does: the first result settles.</summary>
    private void Tell(in Message message)
    {
        var (task, isOpen) = (message.Task, !_settled.Contains(message.Task));
        switch (message.Kind)
        {
            case MessageKind.Result:
                _settled = _settled.Add(message.Task);
                _network = _network.RemoveRange(_network.Where(sent => sent.Value.Message.Kind == MessageKind.Announce && sent.Value.Message.Task == task).Select(sent => sent.Key));      // its late copies would begin a task anew that nobody waits for

                Post(message.From, new Message(MessageKind.Answered, Ledger, message.Task, message.Epoch, (long)(isOpen ? Verdict.Settled : Verdict.AlreadySettled)));
                if (!isOpen) break;
                for (var leader = 0; leader < Leaders; leader++) Post(_leaderships[leader].Self, new Message(MessageKind.TaskSettled, Ledger, message.Task, message.Epoch, 1));
                break;
            case MessageKind.StillOpen when !isOpen:
                Post(message.From, new Message(MessageKind.Answered, Ledger, message.Task, message.Epoch, (long)Verdict.AlreadySettled));
                break;
            case MessageKind.Inquire when !isOpen:
                Post(message.From, new Message(MessageKind.TaskSettled, Ledger, message.Task));
                break;
        }
    }

    private void Feed(int leader, in LeadershipEvent @event)
    {
        if (@event.Snapshot is { } snapshot) _seen[leader] = Math.Max(_seen[leader], snapshot.Revision);
        var effects = new EffectBuffer<LeadershipEffect>();
        _leaderships[leader] = _leaderships[leader].Clone();
        _leadershipTexts[leader] = null;
        _leaderships[leader].Step(@event, 0, effects);
        foreach (var effect in effects.Effects.ToArray()) CarryOut(leader, effect);
    }

    private void CarryOut(int leader, in LeadershipEffect effect)
    {
        switch (effect.Kind)
        {
            case LeadershipEffectKind.ReadAll:
                Feed(leader, LeadershipEvent.Read(_store.Snapshot, effect.Term));
                break;
            case LeadershipEffectKind.Commit:
                _writes.Add((leader, effect));
                break;
            case LeadershipEffectKind.Elected:
                Feed(leader, SchedulerEvent.Elected(effect.Term, effect.Members));
                break;
            case LeadershipEffectKind.Follow:
                Feed(leader, SchedulerEvent.Followed(effect.Peer!));
                break;
            case LeadershipEffectKind.Deposed:
                Feed(leader, SchedulerEvent.Deposed());
                break;
            case LeadershipEffectKind.Registered:
                Feed(leader, SchedulerEvent.Registered(effect.Peer!, effect.Term));
                break;
            case LeadershipEffectKind.Fenced:
                Feed(leader, SchedulerEvent.Fenced(effect.Peer!, effect.Term));
                break;
            case LeadershipEffectKind.RefusedAsFenced:
                Feed(leader, SchedulerEvent.RefusedAsFenced(effect.Peer!, effect.Term));
                break;
        }
    }

    /// <summary>The store carries out what it was asked, and says so; whoever asked reads at once.</summary>
    private void Write(int index)
    {
        var (leader, effect) = _writes[index];
        _writes.RemoveAt(index);
        var transaction = _instance.Mutant.Bend(Keys, effect.Transaction!);
        var after = _store.Commit(transaction);
        var isApplied = after.Revision > _store.Revision;
        if (isApplied && transaction.Changes[0].Key != Keys.Leader && Led?.Leader != _leaderships[leader].Self) _violation = $"(c) {leader} wrote {transaction.Changes[0].Key}, and does not lead";
        if (!isApplied && transaction.Changes[0] is Change.Put { Lease: var lease } && lease != LeaseId.None && !_store.Leases.Contains(lease.Value)) Feed(leader, LeadershipEvent.LeaseGone());
        Become(after);
        Feed(leader, isApplied ? LeadershipEvent.Committed(effect.Nonce, after.Revision) : LeadershipEvent.Refused(effect.Nonce));
    }

    private void Feed(int leader, in SchedulerEvent @event)
    {
        if (@event.Kind == SchedulerEventKind.Message && @event.Message.Kind == MessageKind.Refused) _refused = _refused.Add(@event.Message.Epoch);
        if (!_ownsScheduler[leader]) _schedulers[leader] = _schedulers[leader].Clone();
        _ownsScheduler[leader] = true;
        foreach (var effect in _schedulers[leader].Hear(@event)) CarryOut(leader, effect);
    }

    private void CarryOut(int leader, in SchedulerEffect effect)
    {
        switch (effect.Kind)
        {
            case SchedulerEffectKind.Register:
                Feed(leader, LeadershipEvent.Register(effect.To, effect.Term));
                break;
            case SchedulerEffectKind.Fence:
                Feed(leader, LeadershipEvent.Fence(effect.To, effect.Term));
                break;
            case SchedulerEffectKind.StepDown:
                Feed(leader, LeadershipEvent.StepDown(effect.Term));
                break;
            case SchedulerEffectKind.Send:
                if (effect.Message.Body is Assignment assignment) Decide(leader, effect.To, effect.Message, assignment);
                Post(effect.To, effect.Message);
                break;
        }
    }

    private void Decide(int leader, Peer to, in Message message, Assignment assignment)
    {
        var (task, epoch) = (message.Task, message.Epoch);
        if (!assignment.Adopted)
        {
            var issue = $"{leader} {Name(task)} {to.Node}";
            if (_issued.TryGetValue(epoch, out var known) && known != issue) _violation = $"(d) epoch {epoch} was issued as {known}, and as {issue}";
            _issued = _issued.SetItem(epoch, issue);
            if (epoch.Number > _instance.Epochs) _isCut = true;
            if (Led?.Term == assignment.Term && _given.TryGetValue(task, out var given) && given.Epoch < epoch && given.Node != to.Node) CheckHandOver(task, epoch, given.Epoch, to);
        }

        _addressed = _addressed.SetItem(epoch, assignment.To);
        if (!_given.TryGetValue(task, out var last) || last.Epoch <= epoch) _given = _given.SetItem(task, (epoch, to.Node));
    }

    /// <summary>Whoever the task was last agreed on with has it no more, or is fenced.</summary>
    private void CheckHandOver(TaskId task, Epoch epoch, Epoch before, Peer to)
    {
        if (_settled.Contains(task) || _refused.Contains(before)) return;
        foreach (var node in _nodes)
        {
            if (node.Durable(task)?.Attempt.Epoch == before && !IsOver(node.Self.Node, _addressed[before])) _violation = $"(f) {Name(task)} was handed over to {to.Node} at {epoch}, while {node.Self.Node} held it at {before} unfenced";
        }
    }

    private void Doubt(int leader, Peer node)
    {
        _doubts++;
        Feed(leader, SchedulerEvent.NodeUnreachable(node));
    }

    private void Expire(long lease)
    {
        _expiries++;
        Become(_store.Expire(lease));
    }

    /// <summary>The store is as it was when the exploration began. Watches end.</summary>
    private void Restore()
    {
        _restores++;
        foreach (var node in _nodes)
        {
            foreach (var start in _addressed.Values.Append(node.Self.Incarnation).Where(start => IsOver(node.Self.Node, start))) _overBefore = _overBefore.Add($"{node.Self.Node}.{start}");
        }

        (_store, _storeText) = (_backup with { LastLease = _store.LastLease }, null);
        _isRaiseDue = true;
        Array.Fill(_seen, -1);
        Array.Fill(_hasToAsk, true);
    }

    /// <summary>As it does now and then, and when its watch has ended.</summary>
    private void Ask(int leader)
    {
        _hasToAsk[leader] = false;
        Feed(leader, LeadershipEvent.StepDown(default));
    }

    private void Raise()
    {
        _isRaiseDue = false;
        Become(_store.Commit(new CoordinationTransaction([new Compare.Absent(Keys.Generation)], [new Change.Put(Keys.Generation, CoordinationKeys.Write(2, nonce: 1))])));
    }

    private void Become(ModelStore after)
    {
        if (after.Revision > _store.Revision && ++_written > _instance.Writes && _backup.Revision > 0) _isCut = true;
        (_store, _storeText) = (after, null);
    }

    private ExploredNode Touch(int node)
    {
        if (!_ownsNode[node]) _nodes[node] = _nodes[node].Clone();
        _ownsNode[node] = true;
        _nodeTexts[node] = null;
        return _nodes[node];
    }

    private void Start(int node)
    {
        Touch(node).Start();
        CarryOut(node, _nodes[node].Tick());
    }

    private void Die(int node, bool isWritten)
    {
        _deaths++;
        Touch(node).Die(isWritten);
    }

    private void Hear(int node, in NodeEvent @event)
    {
        var explored = Touch(node);
        var (self, before) = (explored.Self, explored.Machine!.Find(@event.Message.Task)?.Attempt.Epoch);
        var (own, effects) = (explored.Machine.Self.Incarnation, explored.Hear(@event));
        if (@event is { Kind: NodeEventKind.Message, Message.Body: Assignment assignment } && explored.Machine!.Find(@event.Message.Task)?.Attempt.Epoch is { } taken && taken != before)
        {
            if (assignment.To != own) _violation = $"(d) {Name(self)} obeyed what was addressed to {assignment.To}";
            if (_obeyed.TryGetValue(self.Node.Value, out var highest) && assignment.Term < highest) _violation = $"(d) {Name(self)} obeyed {assignment.Term} after {highest}";
            _obeyed = _obeyed.SetItem(self.Node.Value, assignment.Term);
        }

        CarryOut(node, effects);
    }

    private void Finish(int node, Attempt attempt) =>
        CarryOut(node, Touch(node).End(attempt, RunEnding.Finished, new Settlement { Outcome = Outcome.Converged, Epoch = attempt.Epoch, Iterations = 1 }));

    private void CarryOut(int node, NodeEffect[] effects)
    {
        foreach (var effect in effects)
        {
            switch (effect.Kind)
            {
                case NodeEffectKind.Send:
                    Post(effect.To!, effect.Message);
                    break;
                case NodeEffectKind.StartRun:
                    CarryOut(node, _nodes[node].Run(effect));
                    break;
                case NodeEffectKind.StopRun or NodeEffectKind.YieldRun when _nodes[node].Runs.ContainsKey(effect.Attempt!.Attempt):
                    CarryOut(node, _nodes[node].End(effect.Attempt.Attempt, effect.Kind == NodeEffectKind.StopRun ? RunEnding.Stopped : RunEnding.Yielded));
                    break;
            }
        }
    }

    /// <summary>Of the key's open tasks at most one is with a start of a node that is not over, where it does not wait to be agreed on again.</summary>
    private void Check()
    {
        string? first = null;
        foreach (var node in _nodes)
        {
            if (node.Machine is not { } machine) continue;
            foreach (var attempt in machine.Attempts)
            {
                if (attempt.State == AttemptState.AwaitingAdoption || _settled.Contains(attempt.Attempt.Task) || _refused.Contains(attempt.Attempt.Epoch) || IsOver(node.Self.Node, _addressed[attempt.Attempt.Epoch])) continue;
                var holding = $"{Name(machine.Self)} holds {Name(attempt.Attempt.Task)} at {attempt.Attempt.Epoch}";
                if (first is not null && !first.Contains($" {Name(attempt.Attempt.Task)} ", StringComparison.Ordinal)) _violation ??= $"(c) {first}, and {holding}";
                first ??= holding;
            }
        }
    }

    /// <summary>That start of the node is fenced, or another is registered in its place.</summary>
    private bool IsOver(NodeId node, Incarnation start) =>
        _overBefore.Contains($"{node}.{start}") || _store.Entries.ContainsKey(Keys.Fence(node, start)) || (_store.Entries.TryGetValue(Keys.Node(node), out var entry) && CoordinationKeys.Read(entry).Peer.Incarnation != start);

    private string Name(TaskId task) => Array.IndexOf(_ids, task) is >= 0 and var at ? $"t{at + 1}" : "";

    private static string Name(Peer peer) => $"{peer.Node}.{peer.Incarnation}";

    /// <summary>How large the instance is.</summary>
    /// <param name="Tasks">Of the key.</param>
    /// <param name="Expiries">How often the leader's lease runs out though it lives.</param>
    /// <param name="Doubts">How often a leader gives up a node, whether that lives or not.</param>
    /// <param name="Deaths">Of nodes.</param>
    /// <param name="Epochs">That a leader issues; a way on which it issues more is followed no further.</param>
    /// <param name="Writes">To the store, from here on; likewise.</param>
    /// <param name="Seed">Of the leaders' draws.</param>
    /// <param name="Restores">How often the store is put back.</param>
    /// <param name="Forgets">What it has been put back behind when the exploration begins.</param>
    /// <param name="Mutant">The rule that is broken.</param>
    public readonly record struct Instance(int Tasks, int Expiries, int Doubts, int Deaths, int Epochs, int Writes = 4, ulong Seed = 1, int Restores = 0, Forgotten Forgets = Forgotten.Nothing, KeyMutant Mutant = KeyMutant.None);

    private readonly record struct Sent(NodeId To, Message Message, string Detail);
}
