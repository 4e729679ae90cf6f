using System.Text;
using Rqml.Checkpoints;
using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Refinement;

namespace Rqml.Core.Tests.Nodes;

/// <summary>
/// A shipped node machine with its disk, for explorations. The machine cannot be copied: where the way forks it is made again, and told all that it has heard
/// since its start. Its clock stands still, as whatever it would send again can be delivered any number of times anyway.
/// </summary>
internal sealed class ExploredNode
{
    private const long NowMs = 1_000;

    private readonly string _name;
    private readonly ulong _number;
    private readonly NodeSettings _settings;
    private readonly Func<NodeMachine, IMachine<NodeEvent, NodeEffect>> _bend;
    private readonly List<Action<IMachine<NodeEvent, NodeEffect>, NodeMachine, EffectBuffer<NodeEffect>>> _heard = [];
    private readonly SortedDictionary<TaskId, StoredAttempt> _attempts = [];
    private readonly SortedDictionary<TaskId, int> _checkpoints = [];
    private readonly SortedDictionary<TaskId, Outbound> _outbound = [];
    private readonly List<Write> _writes = [];
    private readonly List<NodeEffect> _held = [];
    private Func<NodeMachine>? _begin;
    private NodeMachine? _machine;
    private IMachine<NodeEvent, NodeEffect>? _fed;
    private bool _isShared;
    private Term _term;
    private bool _endedInOrder;
    private int _starts;

    /// <param name="name">The node's name.</param>
    /// <param name="number">Its number, from which its incarnations are made.</param>
    /// <param name="lanes">Attempts that run at once.</param>
    /// <param name="bend">Breaks a rule on purpose; the machine itself where none is to be broken.</param>
    public ExploredNode(string name, ulong number, int lanes, Func<NodeMachine, IMachine<NodeEvent, NodeEffect>> bend)
    {
        (_name, _number, _bend) = (name, number, bend);
        _settings = new NodeSettings
        {
            Lanes = NodeSettings.Processors(lanes),
            Limit = 8,
            Models = new Dictionary<ClassKey, IReadOnlyList<string>> { [new("explored", 1)] = [NodeSettings.Processor] },
        };
    }

    private ExploredNode(ExploredNode from)
    {
        (_name, _number, _settings, _bend) = (from._name, from._number, from._settings, from._bend);
        KeepsReports = from.KeepsReports;
        _heard.AddRange(from._heard);
        foreach (var (task, attempt) in from._attempts) _attempts.Add(task, attempt);
        foreach (var (task, iteration) in from._checkpoints) _checkpoints.Add(task, iteration);
        foreach (var (task, outbound) in from._outbound) _outbound.Add(task, outbound);
        foreach (var (attempt, run) in from.Runs) Runs.Add(attempt, run);
        _writes.AddRange(from._writes);
        _held.AddRange(from._held);
        (_begin, _machine, _fed, _term, _endedInOrder, _starts) = (from._begin, from._machine, from._fed, from._term, from._endedInOrder, from._starts);
        _isShared = from._isShared = true;
    }

    /// <summary>Null while it is down.</summary>
    public NodeMachine? Machine => _machine;

    /// <summary>Whether anybody hears the node's reports; they are left out where nobody does.</summary>
    public bool KeepsReports { get; init; }

    public int Starts => _starts;

    public Peer Self => PeerOf(_starts);

    public Term DurableTerm => _term;

    public SortedDictionary<Attempt, ExploredRun> Runs { get; } = new(Comparer<Attempt>.Create(static (left, right) => left.Task != right.Task ? left.Task.CompareTo(right.Task) : left.Epoch.CompareTo(right.Epoch)));

    public bool HasPending => _writes.Count + _held.Count > 0;

    public bool HasWrites => _writes.Count > 0;

    public IEnumerable<StoredAttempt> Attempts => _attempts.Values;

    public StoredAttempt? Durable(TaskId task) => _attempts.GetValueOrDefault(task);

    public ExploredNode Clone() => new(this);

    /// <summary>As the shell does: the machine is given what the disk holds; what the end in order makes of it is durable before anything runs.</summary>
    /// <param name="forgetsTerm">The machine is not told the term that it obeyed: a rule broken on purpose.</param>
    /// <param name="forgetsEndFirst">The end in order is forgotten before what follows from it is durable: likewise.</param>
    public void Start(bool forgetsTerm = false, bool forgetsEndFirst = false)
    {
        _starts++;
        var (self, term, endedInOrder) = (Self, forgetsTerm ? Term.None : _term, _endedInOrder);
        StoredAttempt[] attempts = [.. _attempts.Values];
        int[] iterations = [.. attempts.Select(attempt => _checkpoints.GetValueOrDefault(attempt.Attempt.Task))];
        Outbound[] outbound = [.. _outbound.Values];
        _heard.Clear();
        _begin = () =>
        {
            var machine = new NodeMachine(self, _settings);
            var restored = attempts.Zip(iterations, (stored, iteration) => NodeAttempt.From(stored, new StoredCheckpoint(new RefinementSnapshot { Iteration = iteration }, new CheckpointChain())));
            machine.Restore(term, restored, outbound, endedInOrder);
            return machine;
        };
        Rebuild();
        if (!endedInOrder) return;
        foreach (var restored in forgetsEndFirst ? [] : _machine!.Unwritten) _attempts[restored.Attempt.Task] = restored.Stored;
        _endedInOrder = false;
    }

    public NodeEffect[] Tick() => Feed(static (machine, _, effects) => machine.Tick(NowMs, effects));

    public NodeEffect[] Hear(NodeEvent @event) => Feed((machine, _, effects) => machine.Step(@event, NowMs, effects));

    /// <summary>A run leaves its lane, at the iteration that it has reached.</summary>
    public NodeEffect[] End(Attempt attempt, RunEnding ending, object? body = null)
    {
        var run = Runs[attempt];
        Runs.Remove(attempt);
        return End(attempt, run.Number, ending, run.Iteration, body);
    }

    /// <summary>What may be done once all that was written is durable. A start that was given up meanwhile ends at once, as in the shell.</summary>
    public NodeEffect[] Commit()
    {
        ApplyAll();
        NodeEffect[] due = [.. _held];
        _held.Clear();
        return due;
    }

    /// <summary>Begins a run; one that was given up before it began ends without having run.</summary>
    public NodeEffect[] Run(in NodeEffect start)
    {
        var (attempt, number) = (start.Attempt!.Attempt, start.Attempt.Run);
        if (_machine!.Running.FirstOrDefault(running => running.Attempt == attempt && running.Run == number) is not { } current) return [];
        if (current.IsDropped) return End(attempt, number, RunEnding.Stopped, null, null);
        Runs[attempt] = new ExploredRun(number, current.Resume.Iteration, IsAskedToYield: false, IsStopped: false);
        return [];
    }

    public void Checkpoint(Attempt attempt)
    {
        var iteration = Runs[attempt].Iteration + 1;
        Runs[attempt] = Runs[attempt] with { Iteration = iteration };
        _writes.Add(new Write($"checkpoint {attempt} {iteration}", node =>
        {
            if (node._attempts.ContainsKey(attempt.Task)) node._checkpoints[attempt.Task] = Math.Max(iteration, node._checkpoints.GetValueOrDefault(attempt.Task));
        }));
    }

    public void Die(bool isWritten)
    {
        if (isWritten) ApplyAll();
        Fall();
    }

    /// <summary>A stop in order: all that was decided is written, and that it was one.</summary>
    public void End()
    {
        ApplyAll();
        Fall();
        _endedInOrder = true;
    }

    public void Describe(StringBuilder text)
    {
        text.Append(_machine?.Describe()).Append('|').Append(_starts).Append(_term).Append(_endedInOrder);
        foreach (var attempt in _attempts.Values) text.Append(attempt.Attempt).Append(attempt.Suspicion).Append(attempt.Alone).Append(';');
        foreach (var (task, iteration) in _checkpoints) text.Append(task).Append(iteration).Append(';');
        text.AppendJoin(',', _outbound.Keys).Append('[').AppendJoin(',', _writes.Select(write => write.Name)).Append('/');
        foreach (var effect in _held) text.Append(effect.Kind).Append(effect.Attempt?.Attempt).Append(effect.Message.Kind).Append(effect.Message.Task).Append(effect.Message.Epoch).Append((effect.Message.Body as NodeReport)?.Term).Append(';');
        text.Append(']');
        foreach (var (attempt, run) in Runs) text.Append(attempt).Append(run).Append(';');
    }

    private Peer PeerOf(int start) => new(new NodeId(_name), new Incarnation((_number * 1_000_000) + ((ulong)start * 1_000)), "");

    private NodeEffect[] End(Attempt attempt, long number, RunEnding ending, int? iteration, object? body) => Feed((machine, node, effects) =>
    {
        var running = node.Running.Single(running => running.Attempt == attempt && running.Run == number);
        var snapshot = iteration is { } reached ? new RefinementSnapshot { Iteration = reached } : null;
        machine.Step(NodeEvent.RunEnded(running, number, ending, snapshot, body), NowMs, effects);
    });

    /// <summary>Returns what is done at once; what has to wait for the disk waits here, in the order in which it was decided.</summary>
    private NodeEffect[] Feed(Action<IMachine<NodeEvent, NodeEffect>, NodeMachine, EffectBuffer<NodeEffect>> input)
    {
        if (_isShared) Rebuild();
        var effects = new EffectBuffer<NodeEffect>();
        input(_fed!, _machine!, effects);
        _heard.Add(input);
        var all = effects.Effects.ToArray();
        foreach (var effect in all)
        {
            if (effect.IsWrite) _writes.Add(WriteOf(effect));
            else if (effect.OnceDurable && !IsNeedless(effect)) _held.Add(effect);
        }

        return [.. all.Where(effect => effect is { IsWrite: false, OnceDurable: false })];
    }

    /// <summary>A report that nobody hears, or that says to the same leader what one that waits says already.</summary>
    private bool IsNeedless(in NodeEffect effect)
    {
        if (effect is not { Kind: NodeEffectKind.Send, Message.Body: NodeReport report }) return false;
        return !KeepsReports || _held.Exists(waiting => waiting.Message.Body is NodeReport earlier && earlier.Term == report.Term);
    }

    private void Rebuild()
    {
        _machine = _begin!();
        _fed = _bend(_machine);
        var forgotten = new EffectBuffer<NodeEffect>();
        foreach (var input in _heard)
        {
            input(_fed, _machine, forgotten);
            forgotten.Clear();
        }

        _isShared = false;
    }

    private void ApplyAll()
    {
        foreach (var write in _writes) write.Apply(this);
        _writes.Clear();
    }

    private void Fall()
    {
        _writes.Clear();
        _held.Clear();
        _heard.Clear();
        Runs.Clear();
        (_machine, _fed, _begin) = (null, null, null);
    }

    private static Write WriteOf(NodeEffect effect) => effect.Kind switch
    {
        NodeEffectKind.WriteTerm => new Write($"term {effect.Term}", node => node._term = effect.Term),
        NodeEffectKind.WriteAttempt => new Write($"attempt {effect.Stored!.Attempt} {effect.Stored.Suspicion} {effect.Stored.Alone}", node => node._attempts[effect.Task] = effect.Stored!),
        NodeEffectKind.WriteOutbound => new Write($"outbound {effect.Task}", node =>
        {
            node._outbound[effect.Task] = effect.Outbound!;
            node._attempts.Remove(effect.Task);
        }),
        _ => new Write($"drop {effect.Task}", node => node.Forget(effect.Task)),
    };

    private void Forget(TaskId task)
    {
        _attempts.Remove(task);
        _checkpoints.Remove(task);
        _outbound.Remove(task);
    }

    private sealed record Write(string Name, Action<ExploredNode> Apply);
}

/// <summary>One run on a lane, as far as explorations look at it.</summary>
internal readonly record struct ExploredRun(long Number, int Iteration, bool IsAskedToYield, bool IsStopped);
