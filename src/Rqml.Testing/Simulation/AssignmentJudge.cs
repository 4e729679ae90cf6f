using Rqml.Cluster;
using Rqml.Messaging;
using Rqml.Tasks;

namespace Rqml.Testing.Simulation;

/// <summary>
/// Watches who was given what: which assignment a leader decided, which start of a node has it durably, and which starts are over, because the store holds their
/// fence or a later start in their place. Letters name the properties: (c) one unsettled task per partition key, in the order of ids; (f) no hand-over without
/// a fence.
/// </summary>
internal sealed class AssignmentJudge(World world, Judge judge)
{
    private readonly CoordinationKeys _keys = new("rqml");
    private readonly Dictionary<TaskId, string> _partitions = [];
    private readonly Dictionary<NodeId, Incarnation> _registered = [];
    private readonly HashSet<Incarnation> _fenced = [];
    private readonly HashSet<Incarnation> _over = [];
    private readonly HashSet<(TaskId, Epoch)> _refused = [];
    private readonly Dictionary<(TaskId, Epoch), Incarnation> _starts = [];
    private readonly Dictionary<(string Machine, TaskId Task), Holding> _held = [];
    private readonly Dictionary<Term, TermView> _terms = [];
    private readonly Dictionary<TaskId, (NodeId Node, Epoch Epoch)> _given = [];
    private Term _newest;
    private Peer? _leader;
    private long _generation = 1;

    private readonly Dictionary<string, (long Ticks, long Before)> _answered = [];

    /// <summary>How often a node was given up though it could not be fenced, as the store did not answer.</summary>
    public long GivenUpUnfenced { get; private set; }

    /// <summary>How often a leader agreed to an attempt that its node had given itself.</summary>
    public long SelfAttemptsAdopted { get; private set; }

    /// <summary>The machine at that address has had an answer from the coordination store.</summary>
    public void StoreAnswered(string endpoint)
    {
        var last = _answered.GetValueOrDefault(endpoint);
        _answered[endpoint] = last.Ticks == world.NowTicks ? last : (world.NowTicks, last.Ticks);
    }

    /// <summary>A leader hands over what a node has without a partition key, though it cannot be fenced: only where the store has long not answered that leader.</summary>
    public void GaveUpUnfenced(Term term, string endpoint, Peer node)
    {
        // What was found in this very moment is on its way from one owner to the next.
        var (last, before) = _answered.GetValueOrDefault(endpoint);
        var answeredTicks = last == world.NowTicks ? before : last;
        if (world.NowTicks - answeredTicks < TimeSpan.FromMilliseconds(LeadershipMachine.LostAfterMs - 1).Ticks)
        {
            judge.Violated('f', $"what {node} has was given away without a fence, though the store had answered its leader {TimeSpan.FromTicks(world.NowTicks - answeredTicks).TotalSeconds} s before");
            return;
        }

        GivenUpUnfenced++;
        ViewOf(term).GivenUp.Add(node.Incarnation);
    }

    /// <summary>The coordination store has carried out a transaction that the machine at that address asked for.</summary>
    public void Committed(string endpoint, CoordinationTransaction transaction, long revision)
    {
        foreach (var change in transaction.Changes)
        {
            if (change is not Change.Put put) continue;
            if (_keys.TaskOf(put.Key) is { } copied)
            {
                judge.Checkpoints.Copied(endpoint, copied, put.Value.Span);
                continue;
            }

            var peer = CoordinationKeys.Read(new CoordinationEntry(put.Key, put.Value, revision, revision, LeaseId.None)).Peer;
            if (put.Key == _keys.Leader)
            {
                (_newest, _leader) = (new Term(_generation, revision), peer);
                continue;
            }

            if (endpoint != _leader?.Endpoint) judge.Violated('c', $"{endpoint} registered or fenced {peer}, while {_leader} led");
            if (put.Key != _keys.Fence(peer.Node, peer.Incarnation))
            {
                Registered(peer);
                continue;
            }

            _fenced.Add(peer.Incarnation);
            End(peer.Incarnation);
        }
    }

    /// <summary>
    /// The coordination store was restored from a backup, and its generation raised with it: that ends every leadership, and every start of a node that was ever spoken to. A fence that the
    /// store has forgotten was one all the same.
    /// </summary>
    public void Restored(long generation)
    {
        if (generation == _generation) return;      // it was not raised, and passes for the store that it was
        (_generation, _newest, _leader) = (generation, new Term(generation, 0), null);
        foreach (var start in _registered.Values.Concat(_starts.Values).Distinct().ToArray()) End(start);
        _registered.Clear();
    }

    /// <summary>The only scheduler of a cluster without a coordination store remembers a node.</summary>
    public void Registered(Peer node)
    {
        if (_registered.TryGetValue(node.Node, out var earlier) && earlier != node.Incarnation) End(earlier);
        _registered[node.Node] = node.Incarnation;
        if (!_fenced.Contains(node.Incarnation)) _over.Remove(node.Incarnation);
    }

    /// <summary>The only scheduler of a cluster without a coordination store forgets a node: that is its fence.</summary>
    public void Unregistered(NodeId node)
    {
        if (_registered.Remove(node, out var incarnation)) End(incarnation);
    }

    /// <summary>A leader begins: it can know of every fence that is in the store.</summary>
    public void Began(Term term) => ViewOf(term).Fenced.UnionWith(_fenced);

    /// <summary>A leader learns that a start is fenced.</summary>
    public void HeardOfFence(Term term, Incarnation start) => ViewOf(term).Fenced.Add(start);

    /// <summary>A leader hears something.</summary>
    public void Heard(Term term, in Message message)
    {
        var view = ViewOf(term);
        switch (message.Kind)
        {
            case MessageKind.Announce:
                var spec = (TaskSpec)message.Body!;
                judge.LateWork.Announced(spec.Id);
                if (spec.PartitionKey is not { } key) return;
                _partitions[spec.Id] = key;
                view.Known.Add(spec.Id);
                break;
            case MessageKind.TaskSettled:
                view.Known.Remove(message.Task);
                break;
            case MessageKind.Refused:
                _refused.Add((message.Task, message.Epoch));
                break;
        }
    }

    /// <summary>A leader, or who takes itself for one, decides that a node is to run a task.</summary>
    public void Decided(Peer node, in Message message)
    {
        var assignment = (Assignment)message.Body!;
        var (task, epoch) = (message.Task, message.Epoch);
        world.Tell($"decided: {node} is to run {task} at {epoch}{(assignment.Adopted ? ", which it has" : "")}");
        var isNew = !assignment.Adopted && !_starts.ContainsKey((task, epoch));
        _starts[(task, epoch)] = assignment.To;
        if (assignment.Checkpoint is { } left) judge.Supervision.Brought(new Attempt(task, epoch), left);
        if (assignment.Spec.PartitionKey is { } key) _partitions[task] = key;
        if (_newest < assignment.Term) _newest = assignment.Term;      // without a coordination store there is no other word of it
        if (judge.IsOpen(task) && assignment.Term == _newest) Check(node, assignment, task, epoch, isNew);
        if (!assignment.Adopted) judge.LateWork.Given(task, node.Node.Value);
        _given[task] = (node.Node, epoch);
        if (assignment.Adopted && epoch.IsSelfAttempt) SelfAttemptsAdopted++;
        if (assignment.Adopted) Adopted(task, epoch, assignment);
        if (_partitions.ContainsKey(task)) ViewOf(assignment.Term).Given.Add(task);
    }

    /// <summary>The open tasks that were last given to that machine.</summary>
    public IEnumerable<TaskId> GivenTo(string machine) => _given.Where(given => given.Value.Node.Value == machine && judge.IsOpen(given.Key)).Select(given => given.Key);

    /// <summary>Attempts of open tasks on that machine's disk which nobody has superseded, given back or fenced.</summary>
    public IEnumerable<Attempt> LeftWith(string machine) =>
    [
        .. from holding in _held.Values
           where holding.Machine == machine && !holding.IsOver && judge.IsOpen(holding.Task) && !_refused.Contains((holding.Task, holding.Epoch))
           where !_given.TryGetValue(holding.Task, out var given) || given.Epoch <= holding.Epoch
           select new Attempt(holding.Task, holding.Epoch),
    ];

    /// <summary>A node has an attempt durably.</summary>
    public void Obeyed(string machine, TaskSpec spec, Epoch epoch)
    {
        var task = spec.Id;
        if (spec.PartitionKey is { } key) _partitions[task] = key;      // of a self-attempt nobody else may have heard
        var start = _starts.GetValueOrDefault((task, epoch));
        var holding = new Holding(machine, task, epoch) { Start = start, IsOver = _over.Contains(start) };
        _held[(machine, task)] = holding;
        CheckKey(holding);
    }

    /// <summary>A node's disk does not hold the task any more.</summary>
    public void Dropped(string machine, TaskId task) => _held.Remove((machine, task));

    /// <summary>The machine has a new disk.</summary>
    public void DiskReplaced(string machine)
    {
        foreach (var key in _held.Keys.Where(key => key.Machine == machine).ToArray()) _held.Remove(key);
    }

    private void Check(Peer node, Assignment assignment, TaskId task, Epoch epoch, bool isNew)
    {
        if (ViewOf(assignment.Term).Fenced.Contains(assignment.To) && _fenced.Contains(assignment.To)) judge.Violated('c', $"{task} at {epoch} was agreed on with {node}, which its leader knows to be fenced");
        if (_partitions.TryGetValue(task, out var key)) CheckTurn(ViewOf(assignment.Term), key, task, epoch, isNew);
        if (!isNew || !_given.TryGetValue(task, out var given)) return;
        foreach (var holding in _held.Values)
        {
            // Only the attempt that was agreed on last: an earlier one was superseded, and whoever still holds it was told to drop it.
            if (holding.Task != task || holding.Epoch != given.Epoch || holding.IsOver || holding.Machine == node.Node.Value || _refused.Contains((task, holding.Epoch))) continue;
            if (key is null && ViewOf(assignment.Term).GivenUp.Contains(holding.Start)) continue;
            judge.Violated('f', $"{task} was handed over to {node.Node} at {epoch}, while {holding.Machine} held it at {holding.Epoch} unfenced");
        }
    }

    /// <summary>Within a term a key goes on only from a settled task, and then to the lowest id that the leader has heard of.</summary>
    private void CheckTurn(TermView view, string key, TaskId task, Epoch epoch, bool isNew)
    {
        foreach (var other in view.Given)
        {
            if (other != task && _partitions.GetValueOrDefault(other) == key && judge.IsOpen(other)) judge.Violated('c', $"{task} of '{key}' was assigned at {epoch}, while {other} of the same key was assigned and open");
        }

        if (!isNew || view.Given.Contains(task)) return;
        foreach (var waiting in view.Known)
        {
            if (waiting < task && _partitions[waiting] == key && judge.IsOpen(waiting)) judge.Violated('c', $"{task} of '{key}' was assigned at {epoch}, while {waiting} was before it in its key's order");
        }
    }

    /// <summary>A start of a node that found the attempt on its disk may go on with it.</summary>
    private void Adopted(TaskId task, Epoch epoch, Assignment assignment)
    {
        foreach (var holding in _held.Values)
        {
            if (holding.Task != task || holding.Epoch != epoch || judge.ObeyedTermOf(holding.Machine) > assignment.Term) continue;
            holding.Start = assignment.To;
            holding.IsOver = _over.Contains(assignment.To);
            CheckKey(holding);
        }
    }

    private void CheckKey(Holding holding)
    {
        if (holding.IsOver || !_partitions.TryGetValue(holding.Task, out var key) || !judge.IsOpen(holding.Task)) return;
        foreach (var other in _held.Values)
        {
            if (other.Task == holding.Task || other.IsOver || _partitions.GetValueOrDefault(other.Task) != key || !judge.IsOpen(other.Task) || _refused.Contains((other.Task, other.Epoch))) continue;
            judge.Violated('c', $"{holding.Machine} holds {holding.Task} at {holding.Epoch}, and {other.Machine} {other.Task} at {other.Epoch}: both of '{key}', open and unfenced");
        }
    }

    private void End(Incarnation start)
    {
        world.Tell($"over: start {start}");
        _over.Add(start);
        foreach (var holding in _held.Values)
        {
            if (holding.Start == start) holding.IsOver = true;
        }
    }

    private TermView ViewOf(Term term)
    {
        if (!_terms.TryGetValue(term, out var view)) _terms[term] = view = new TermView();
        return view;
    }

    /// <summary>An attempt on a node's disk, and the start of the node that has it.</summary>
    private sealed class Holding(string machine, TaskId task, Epoch epoch)
    {
        public string Machine { get; } = machine;

        public TaskId Task { get; } = task;

        public Epoch Epoch { get; } = epoch;

        public Incarnation Start { get; set; }

        /// <summary>That start is fenced or replaced, and no later one was told to go on.</summary>
        public bool IsOver { get; set; }
    }

    /// <summary>What the leader of a term has heard of and given out, of tasks with a key; and the starts that it knows to be fenced.</summary>
    private sealed class TermView
    {
        public HashSet<TaskId> Known { get; } = [];

        public HashSet<TaskId> Given { get; } = [];

        public HashSet<Incarnation> Fenced { get; } = [];

        /// <summary>Starts that could not be fenced, and whose tasks without a key went elsewhere.</summary>
        public HashSet<Incarnation> GivenUp { get; } = [];
    }
}
