using System.Text;
using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Tasks;
using Rqml.Testing.Exploration;
using Rqml.Testing.Simulation;

namespace Rqml.Core.Tests.Nodes;

/// <summary>
/// Shipped nodes with their disks, the shipped ledger with its own, and tasks of which one may kill its worker or its node at a certain iteration. A network
/// that delivers what was ever sent at any time, any number of times, or never; nodes that are killed from outside, stopped in order and started again; a
/// scheduler that hands over what a dead start held, and carries suspicion as the shipped one does. No host of workers is isolated.
/// </summary>
internal sealed class PoisonModel
{
    private const long NowMs = 1_000;

    private static readonly LedgerId Ledger = new(7);
    private static readonly Peer LedgerPeer = new(new NodeId("ledger"), new Incarnation(1), "");
    private static readonly Peer Leader = new(new NodeId("leader"), new Incarnation(2), "");
    private static readonly Term LeaderTerm = new(1, 1);

    private readonly Instance _instance;
    private readonly TaskId[] _ids;
    private readonly ExploredNode[] _nodes;
    private readonly Placement[] _placements;
    private readonly Fate[] _fates;
    private readonly SortedDictionary<string, (Message Message, int To)> _network = new(StringComparer.Ordinal);
    private readonly List<LedgerEffect> _writes = [];
    private readonly List<LedgerEffect> _held = [];
    private LedgerMachine? _ledger;
    private long _number;
    private long _told;
    private int _outside;
    private int _stops;
    private int _nodeDeaths;
    private int _ledgerCrashes;
    private string? _violation;

    public PoisonModel(Instance instance)
    {
        _instance = instance;
        var ids = new TaskIdSource(Ledger, 1);
        _ids = [.. instance.Tasks.Select(_ => ids.Next(NowMs))];
        _nodes = [.. Enumerable.Range(1, instance.Nodes).Select(number => new ExploredNode($"node-{number}", (ulong)number, instance.Lanes, instance.Bend))];
        _placements = [.. instance.Tasks.Select(_ => new Placement(-1, 0, 0, Suspicion.None))];
        _fates = [.. instance.Tasks.Select(_ => new Fate([], null, 0, 0, 0))];
        StartLedger();
        for (var node = 0; node < instance.Nodes; node++) Start(node);
    }

    private PoisonModel(PoisonModel from)
    {
        (_instance, _ids, _ledger) = (from._instance, from._ids, from._ledger?.Clone());
        _nodes = [.. from._nodes.Select(node => node.Clone())];
        _placements = [.. from._placements];
        _fates = [.. from._fates];
        foreach (var (key, message) in from._network) _network.Add(key, message);
        _writes.AddRange(from._writes);
        _held.AddRange(from._held);
        (_number, _told, _outside, _stops, _nodeDeaths, _ledgerCrashes) = (from._number, from._told, from._outside, from._stops, from._nodeDeaths, from._ledgerCrashes);
    }

    public string? Violation => _violation;

    public bool IsGoal => Array.TrueForAll(_fates, fate => fate.Settled is not null);

    public IEnumerable<Move<PoisonModel>> Moves()
    {
        if (IsGoal) yield break;
        foreach (var move in LedgerMoves().Concat(SchedulerMoves())) yield return move;
        for (var node = 0; node < _nodes.Length; node++)
        {
            foreach (var move in NodeMoves(node)) yield return move;
        }
    }

    public UInt128 Fingerprint()
    {
        var text = new StringBuilder();
        foreach (var node in _nodes) node.Describe(text.Append('\n'));
        text.Append('\n').AppendJoin(',', _placements).Append($"{_number} {_outside} {_stops} {_nodeDeaths} {_ledgerCrashes}").AppendJoin(',', _network.Keys);
        foreach (var fate in _fates) text.Append($";{fate.Settled} {fate.Killed} {fate.Strikable} {fate.Owed} {fate.OwedBy} {fate.OwedFor} ").AppendJoin(',', fate.Strikes);
        text.Append('[').AppendJoin(',', _writes.Select(Describe)).Append('/').AppendJoin(',', _held.Select(Describe)).Append(']');
        foreach (var open in _ledger?.Open ?? []) text.Append(open.Spec.Id).AppendJoin(',', open.Strikes);
        text.Append(_ledger is null);
        return Rqml.Testing.Exploration.Fingerprint.Of(text.ToString());
    }

    private IEnumerable<Move<PoisonModel>> LedgerMoves()
    {
        if (_ledger is null)
        {
            yield return On("ledger starts", model => model.StartLedger());
            yield break;
        }

        if (_writes.Count + _held.Count > 0) yield return On("ledger commits", model => model.CommitLedger());
        foreach (var (key, (message, to)) in _network)
        {
            if (to < 0) yield return On($"ledger gets {key}", model => model.FeedLedger(message));
        }

        if (_ledgerCrashes == _instance.LedgerCrashes) yield break;
        yield return On("ledger crashes", model => model.CrashLedger(isWritten: false), isFault: true);
        if (_writes.Count > 0) yield return On("ledger crashes after the write", model => model.CrashLedger(isWritten: true), isFault: true);
    }

    private IEnumerable<Move<PoisonModel>> SchedulerMoves()
    {
        if (_nodes.Length == 1 && _nodes[0].Machine is not null && Array.Exists(_placements, placement => placement.Node == 0 && placement.Start != _nodes[0].Starts)) yield return On("the next start is heard", model => model.HandBack());
        for (var task = 0; task < _ids.Length; task++)
        {
            var number = task;
            var placement = _placements[task];
            if (_fates[task].Settled is not null) continue;
            if (placement.Node >= 0)
            {
                var holder = _nodes[placement.Node];
                if (_nodes.Length > 1 && (holder.Machine is null || holder.Starts != placement.Start)) yield return On($"{task} is handed over", model => model.HandOver(number));
                continue;
            }

            for (var node = 0; node < _nodes.Length; node++)
            {
                var at = node;
                if (_nodes[node].Machine is null) continue;
                if (HeldAt(node, task) is null) yield return On($"{task} is assigned to {node}", model => model.Assign(number, at));
                else yield return On($"{task} is adopted at {node}", model => model.Adopt(number, at));
            }
        }

        for (var node = 0; node < _nodes.Length; node++)
        {
            for (var task = 0; task < _ids.Length; task++)
            {
                var (at, number) = (node, task);
                if (_placements[task].Node < 0 || _placements[task].Node == node || HeldAt(node, task) is not { } held || held.Attempt.Epoch.Number >= _placements[task].Number) continue;
                var revoke = new Message(MessageKind.Revoke, Leader, _ids[task], held.Attempt.Epoch);
                if (!_network.ContainsKey(KeyOf(revoke, node))) yield return On($"{task} is revoked at {node}", model => model.Send(revoke, at));
            }
        }
    }

    private IEnumerable<Move<PoisonModel>> NodeMoves(int at)
    {
        var node = _nodes[at];
        if (node.Machine is null)
        {
            yield return On($"{at} starts", model => model.Start(at));
            yield break;
        }

        if (node.HasPending) yield return On($"{at} commits", model => model.CarryOut(at, model._nodes[at].Commit()));
        foreach (var (key, (message, to)) in _network)
        {
            if (to == at) yield return On($"{at} gets {key}", model => model.CarryOut(at, model._nodes[at].Hear(NodeEvent.Of(message))));
        }

        foreach (var (attempt, run) in node.Runs)
        {
            var task = Array.IndexOf(_ids, attempt.Task);
            var kind = _instance.Tasks[task];
            if (run.IsAskedToYield) yield return On($"{task} yields", model => model.CarryOut(at, model._nodes[at].End(attempt, RunEnding.Yielded)));
            if (run.IsStopped) yield return On($"{task} obeys", model => model.CarryOut(at, model._nodes[at].End(attempt, RunEnding.Stopped)));
            if (run.Iteration < kind.Iterations) yield return On($"{task} iterates at {at}", model => model._nodes[at].Checkpoint(attempt));
            else if (kind.Ending == Ending.Finishes) yield return On($"{task} finishes at {at}", model => model.Finish(at, attempt));
            else if (kind.Ending == Ending.KillsWorker) yield return On($"{task} kills its worker at {at}", model => model.KillWorker(at, task, attempt));
            else
            {
                yield return On($"{task} kills {at}", model => model.KillBy(task, at, isWritten: false));
                if (node.HasWrites) yield return On($"{task} kills {at} after the write", model => model.KillBy(task, at, isWritten: true));
            }

            if (!_instance.SparesWorkers && kind.Ending == Ending.Finishes && _outside < _instance.Outside) yield return On($"the worker of {task} is killed at {at}", model => model.KillWorkerFromOutside(at, task, attempt), isFault: true);
        }

        if (_stops < _instance.Stops)
        {
            yield return On($"{at} is stopped", model => model.Stop(at, hearsRuns: true), isFault: true);
            if (node.Runs.Count > 0) yield return On($"{at} is stopped, unheard", model => model.Stop(at, hearsRuns: false), isFault: true);
        }

        if (_outside == _instance.Outside) yield break;
        yield return On($"{at} is killed", model => model.KillFromOutside(at, isWritten: false), isFault: true);
        if (node.HasWrites) yield return On($"{at} is killed after the write", model => model.KillFromOutside(at, isWritten: true), isFault: true);
    }

    private Move<PoisonModel> On(string name, Action<PoisonModel> change, bool isFault = false)
    {
        var next = new PoisonModel(this);
        change(next);
        next.Judge();
        return new Move<PoisonModel>(name, next, isFault);
    }

    private NodeAttempt? HeldAt(int node, int task) => _nodes[node].Machine?.Find(_ids[task]);

    private void StartLedger()
    {
        _ledger = new LedgerMachine(LedgerPeer, Ledger, keepsContent: false, announcedBytes: 1 << 20);
        for (var task = 0; task < _ids.Length; task++)
        {
            var open = new LedgerTask(Specify(task), null) { Strikes = [.. _fates[task].Strikes] };
            if (_fates[task].Settled is { } outcome) _ledger.Restore(SettledTask.Of(open, new Settlement { Outcome = outcome }, NowMs, keepsContent: false));
            else _ledger.Restore(open);
        }
    }

    private TaskSpec Specify(int task) => new() { Id = _ids[task], Class = new ClassKey("explored", 1), Payload = default, Difficulty = task * 0.5, KeepResultMs = 1_000_000 };

    private void FeedLedger(in Message message)
    {
        var effects = new EffectBuffer<LedgerEffect>();
        var heard = _instance.OfMachines == Mutant.StrikeNotDeduplicated && message.Kind == MessageKind.Strike ? message with { Number = --_told } : message;
        IMachine<LedgerEvent, LedgerEffect> ledger = _instance.OfMachines == Mutant.StrikePerAttempt ? new MutantLedger(_ledger!, _instance.OfMachines) : _ledger!;
        ledger.Step(LedgerEvent.Of(heard), NowMs, effects);
        foreach (var effect in effects.Effects.ToArray())
        {
            if (effect.IsWrite) _writes.Add(effect);
            else if (!effect.OnceDurable) CarryOut(effect);
            else if (!_held.Exists(waiting => Describe(waiting) == Describe(effect))) _held.Add(effect);
        }
    }

    private void CommitLedger()
    {
        ApplyAll();
        foreach (var effect in _held) CarryOut(effect);
        _held.Clear();
    }

    private void CrashLedger(bool isWritten)
    {
        _ledgerCrashes++;
        if (isWritten) ApplyAll();
        _writes.Clear();
        _held.Clear();
        _ledger = null;
    }

    private void ApplyAll()
    {
        foreach (var write in _writes)
        {
            var task = Array.IndexOf(_ids, write.Task);
            if (write.Kind == LedgerEffectKind.WriteStrikes) _fates[task] = _fates[task] with { Strikes = (Strike[])write.Subject! };
            else if (write.Kind == LedgerEffectKind.WriteSettlement) _fates[task] = _fates[task] with { Settled = ((Settlement)write.Subject!).Outcome };
        }

        _writes.Clear();
    }

    private void CarryOut(in LedgerEffect effect)
    {
        if (effect.Kind != LedgerEffectKind.Send || effect.Message.Kind is not (MessageKind.StrikeCounted or MessageKind.Answered)) return;
        var to = (Peer)effect.Target!;
        Send(effect.Message, Array.FindIndex(_nodes, node => node.Self.Node == to.Node));
    }

    private void Start(int at)
    {
        var node = _nodes[at];
        foreach (var (key, _) in _network.Where(sent => sent.Value.To == at && sent.Value.Message.Kind == MessageKind.Assign).ToArray()) _network.Remove(key);      // refused from here on
        node.Start(forgetsEndFirst: _instance.ForgetsEndFirst);
        CarryOut(at, node.Tick());
        CarryOut(at, node.Hear(NodeEvent.Led(Leader, LeaderTerm)));
    }

    private void Assign(int task, int at)
    {
        _placements[task] = new Placement(at, _nodes[at].Starts, ++_number, _placements[task].Suspicion);
        SendAssignment(task, at, isAdopted: false);
    }

    private void Adopt(int task, int at)
    {
        var held = HeldAt(at, task)!;
        var graver = Suspicion.Graver(_placements[task].Suspicion, held.Suspicion);
        _placements[task] = new Placement(at, _nodes[at].Starts, held.Attempt.Epoch.Number, graver);
        SendAssignment(task, at, isAdopted: true);
    }

    private void SendAssignment(int task, int at, bool isAdopted)
    {
        var placement = _placements[task];
        var assignment = new Assignment(Specify(task), LedgerPeer, _nodes[at].Self.Incarnation, long.MaxValue, false) { Term = LeaderTerm, Adopted = isAdopted, Suspicion = placement.Suspicion };
        Send(new Message(MessageKind.Assign, Leader, _ids[task], new Epoch(1, 1, placement.Number), Body: assignment), at);
    }

    /// <summary>The start that held it is fenced: unless that left in order, it may have died of the task.</summary>
    private void HandOver(int task)
    {
        var placement = _placements[task];
        var suspicion = placement.LeftInOrder && !_instance.ShutdownCounts ? placement.Suspicion : placement.Suspicion.After(placement.Seen);
        _placements[task] = new Placement(-1, 0, 0, suspicion);
    }

    /// <summary>With one node, whose next start is the only one that could get what the last one had, this is one step.</summary>
    private void HandBack()
    {
        for (var task = 0; task < _ids.Length; task++)
        {
            if (_fates[task].Settled is not null || _placements[task].Node < 0 || _placements[task].Start == _nodes[0].Starts) continue;
            HandOver(task);
            if (HeldAt(0, task) is null) Assign(task, 0);
            else Adopt(task, 0);
        }
    }

    private void CarryOut(int at, NodeEffect[] effects)
    {
        var node = _nodes[at];
        var pending = new Queue<NodeEffect>(effects);
        while (pending.TryDequeue(out var effect))
        {
            switch (effect.Kind)
            {
                case NodeEffectKind.Send when effect.Message.Kind is MessageKind.Strike or MessageKind.Result or MessageKind.StillOpen:
                    Send(effect.Message, -1);
                    break;
                case NodeEffectKind.StartRun:
                    foreach (var more in node.Run(effect)) pending.Enqueue(more);
                    if (node.Runs.ContainsKey(effect.Attempt!.Attempt)) Begin(at, effect.Attempt.Attempt);
                    break;
                case NodeEffectKind.StopRun when node.Runs.TryGetValue(effect.Attempt!.Attempt, out var run):
                    node.Runs[effect.Attempt.Attempt] = run with { IsStopped = true };
                    break;
                case NodeEffectKind.YieldRun when node.Runs.TryGetValue(effect.Attempt!.Attempt, out var run):
                    node.Runs[effect.Attempt.Attempt] = run with { IsAskedToYield = true };
                    break;
            }
        }
    }

    /// <summary>A run starts: what this node owes the ledger for the attempt has to be durable there. A later attempt of the task owes nothing for an earlier one.</summary>
    private void Begin(int at, Attempt attempt)
    {
        var fate = _fates[Array.IndexOf(_ids, attempt.Task)];
        if (fate.OwedBy == at + 1 && fate.OwedFor == attempt.Epoch && fate.Strikes.Length < fate.Owed && fate.Settled is null) _violation = "(g) a run began before the strike for the last one was durable";
        foreach (var (other, _) in _nodes[at].Runs)
        {
            if (other != attempt && IsAlone(at, other)) _violation = "(g) something began beside a suspect that runs alone";
        }
    }

    private bool IsAlone(int at, Attempt attempt) => _nodes[at].Machine!.Running.Any(running => running.Attempt == attempt && running.Alone is not null);

    private void Finish(int at, Attempt attempt) =>
        CarryOut(at, _nodes[at].End(attempt, RunEnding.Finished, new Settlement { Outcome = Outcome.Converged, Epoch = attempt.Epoch }));

    private void KillWorker(int at, int task, Attempt attempt)
    {
        Owe(at, task, attempt.Epoch);
        _fates[task] = _fates[task] with { Killed = _fates[task].Killed + 1 };
        CarryOut(at, _nodes[at].End(attempt, RunEnding.WorkerDied));
    }

    private void KillWorkerFromOutside(int at, int task, Attempt attempt)
    {
        _outside++;
        Owe(at, task, attempt.Epoch);
        CarryOut(at, _nodes[at].End(attempt, RunEnding.WorkerDied));
    }

    private void Owe(int at, int task, Epoch epoch) => _fates[task] = _fates[task] with { Strikable = _fates[task].Strikable + 1, Owed = _fates[task].Strikes.Length + 1, OwedBy = at + 1, OwedFor = epoch };

    private void KillBy(int task, int at, bool isWritten)
    {
        _fates[task] = _fates[task] with { Killed = _fates[task].Killed + 1 };
        Die(at, isWritten);
    }

    private void KillFromOutside(int at, bool isWritten)
    {
        _outside++;
        Die(at, isWritten);
    }

    /// <summary>What the dead start owed for workers is forgotten with it; what it ran alone is owed by the next one.</summary>
    private void Die(int at, bool isWritten)
    {
        _nodeDeaths++;
        var node = _nodes[at];
        var incarnation = node.Self.Incarnation;
        Look(at, leavesInOrder: false);
        node.Die(isWritten);
        for (var task = 0; task < _ids.Length; task++)
        {
            if (_fates[task].OwedBy == at + 1 && node.Durable(_ids[task])?.Alone is null) _fates[task] = _fates[task] with { Owed = 0, OwedBy = 0 };
            if (node.Durable(_ids[task]) is { } stored && stored.Alone == incarnation) Owe(at, task, stored.Attempt.Epoch);
        }
    }

    private void Stop(int at, bool hearsRuns)
    {
        _stops++;
        var node = _nodes[at];
        Look(at, leavesInOrder: true);
        CarryOut(at, node.Hear(NodeEvent.Drain()));
        foreach (var attempt in hearsRuns ? node.Runs.Keys.ToArray() : []) CarryOut(at, node.End(attempt, RunEnding.Stopped));
        if (_instance.ShutdownCounts) node.Die(isWritten: true);
        else node.End();
        for (var task = 0; task < _ids.Length; task++)
        {
            if (_fates[task].OwedBy == at + 1) _fates[task] = _fates[task] with { Owed = 0, OwedBy = 0 };
        }
    }

    /// <summary>What the scheduler knows of the start that ends: it was told of each boundary, or of none, which the iterations that are durable bound.</summary>
    private void Look(int at, bool leavesInOrder)
    {
        for (var task = 0; task < _ids.Length; task++)
        {
            if (_placements[task].Node != at || _placements[task].Start != _nodes[at].Starts) continue;
            _placements[task] = _placements[task] with { Seen = HeldAt(at, task)?.Resume.Iteration ?? 0, LeftInOrder = leavesInOrder };
        }
    }

    private void Judge()
    {
        for (var task = 0; task < _ids.Length; task++)
        {
            var (fate, kind) = (_fates[task], _instance.Tasks[task]);
            var isPoison = kind.Ending != Ending.Finishes;
            if (!isPoison && fate.Settled is not (null or Outcome.Converged)) _violation = $"(g) an innocent ended as {fate.Settled}";
            if (isPoison && fate.Killed > _instance.MaxKilled) _violation = $"(g) poison killed {fate.Killed} times and is not convicted";
            if (fate.Strikes.Length > fate.Strikable) _violation = $"(g) {fate.Strikes.Length} strikes for {fate.Strikable} deaths";
            var gravest = _nodes.Select(node => node.Durable(_ids[task])?.Suspicion.Deaths ?? 0).Append(_placements[task].Suspicion.Deaths).Max();
            if (gravest > _nodeDeaths) _violation = $"(g) suspected of {gravest} node deaths, where there were {_nodeDeaths}";
        }
    }

    private void Send(in Message message, int to) => _network[KeyOf(message, to)] = (message, to);

    private static string KeyOf(in Message message, int to) =>
        $"{message.Kind} {message.Task} {message.Epoch.Number} {message.Number:x} to {to}{(message.Body is Assignment assignment ? $" {assignment.To} {assignment.Adopted} {assignment.Suspicion}" : "")}";

    private static string Describe(LedgerEffect effect) => $"{effect.Kind} {effect.Task} {effect.Message.Kind} {effect.Message.Task} {effect.Message.Epoch} {effect.Message.Number} {(effect.Target as Peer)?.Node} {(effect.Subject as Strike[])?.Length}";

    /// <summary>How a task ends, once it has reached its last iteration.</summary>
    public enum Ending
    {
        Finishes,
        KillsWorker,
        KillsNode,
    }

    /// <summary>A task, and the iterations that it makes before it ends so.</summary>
    public readonly record struct Kind(Ending Ending, int Iterations);

    /// <summary>How large the instance is.</summary>
    public sealed record Instance(int Nodes, int Lanes, Kind[] Tasks, int Outside, int Stops, int LedgerCrashes, int MaxKilled)
    {
        public override string ToString() => $"{Nodes} nodes of {Lanes} lanes, {string.Join(" and ", Tasks.Select(task => $"{task.Ending} after {task.Iterations}"))}, {Outside} blows from outside, {Stops} stops, {LedgerCrashes} crashes of the ledger";

        /// <summary>A rule of the machines, broken on purpose.</summary>
        public Mutant OfMachines { get; init; }

        /// <summary>However often a node died of an attempt, it never runs alone: a rule broken on purpose.</summary>
        public bool NeverAlone { get; init; }

        /// <summary>Blows from outside kill nodes alone: three deaths of workers are a verdict, whoever killed them.</summary>
        public bool SparesWorkers { get; init; }

        /// <summary>That the last end was one in order is forgotten before what follows from it is durable: a rule broken on purpose.</summary>
        public bool ForgetsEndFirst { get; init; }

        /// <summary>A stop in order leaves no trace that it was one: a rule broken on purpose.</summary>
        public bool ShutdownCounts { get; init; }

        public IMachine<NodeEvent, NodeEffect> Bend(NodeMachine machine)
        {
            if (NeverAlone) return new NeverAloneNode(machine);
            return OfMachines == Mutant.None ? machine : new MutantNode(machine, OfMachines);
        }
    }

    /// <summary>What the scheduler knows of a task; no node where it waits.</summary>
    private readonly record struct Placement(int Node, int Start, long Number, Suspicion Suspicion, int Seen = 0, bool LeftInOrder = false);

    /// <summary>What befell a task: durable in the ledger, and in truth.</summary>
    private sealed record Fate(Strike[] Strikes, Outcome? Settled, int Killed, int Strikable, int Owed, int OwedBy = 0, Epoch OwedFor = default);
}
