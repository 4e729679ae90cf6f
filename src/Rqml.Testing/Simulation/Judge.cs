using System.Buffers.Binary;
using Rqml.Cluster;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Protocol;
using Rqml.Storage;
using Rqml.Testing.Simulation.Supervised;

namespace Rqml.Testing.Simulation;

/// <summary>
/// Watches a run from outside: what the application saw, what models were called, and what became durable on which disk. It knows nothing of the
/// machines' own counters. Letters name the properties: (a) settled once, (b) nothing lost, (c) keys, (d) epochs, (e) results kept, (f) fences, (g) poison;
/// (h) to (k) are the <see cref="SupervisionJudge"/>'s, (l) is the <see cref="DrainJudge"/>'s, and (m) the <see cref="LateWorkJudge"/>'s.
/// </summary>
internal sealed class Judge
{
    /// <summary>Poison is convicted in bounded runs: three deaths that nobody saw, three alone, and those that lost writes, lost disks and damaged ones have forgotten.</summary>
    private const int DeathsBeyondBounds = 40;

    private static readonly StoreFamily[] OfTasks = [StoreFamily.Outbound, StoreFamily.Task, StoreFamily.Checkpoint, StoreFamily.Artifact];

    private readonly World _world;
    private readonly Dictionary<TaskId, byte[]> _settlements = [];
    private readonly HashSet<TaskId> _submissions = [];
    private readonly Dictionary<TaskId, Outcome> _seen = [];
    private readonly Dictionary<string, DiskView> _disks = [];
    private readonly Dictionary<(TaskId, Epoch), string> _holders = [];
    private readonly Dictionary<(int Process, TaskId Task, Epoch Epoch), int> _processDeaths = [];
    private readonly Dictionary<TaskId, List<(Epoch Epoch, long Run)>> _strikes = [];
    private readonly Dictionary<TaskId, int> _deaths = [];
    private readonly Dictionary<TaskId, int> _shadows = [];
    private readonly HashSet<Incarnation> _silent = [];
    private readonly Dictionary<(TaskId, Epoch), Incarnation> _addressed = [];
    private readonly Dictionary<int, HashSet<Incarnation>> _incarnations = [];
    private readonly Dictionary<Epoch, (Peer Leader, TaskId Task)> _issued = [];
    private readonly Dictionary<Epoch, (string Machine, TaskId Task)> _own = [];
    private readonly HashSet<Epoch> _ownRun = [];
    private readonly List<string> _violations = [];

    public Judge(World world)
    {
        _world = world;
        Assignments = new AssignmentJudge(world, this);
        Checkpoints = new CheckpointJudge(this);
        Supervision = new SupervisionJudge(world, this);
        Drains = new DrainJudge(this);
        LateWork = new LateWorkJudge(world, this);
    }

    public AssignmentJudge Assignments { get; }

    public CheckpointJudge Checkpoints { get; }

    public SupervisionJudge Supervision { get; }

    public DrainJudge Drains { get; }

    public LateWorkJudge LateWork { get; }

    public IReadOnlyList<string> Violations => _violations;

    public long ModelCalls { get; private set; }

    /// <summary>How long nodes keep a result that no ledger takes.</summary>
    public long KeepsUndeliveredMs { get; init; } = long.MaxValue;

    /// <summary>Results of open tasks that were dropped, as no ledger had taken them for so long.</summary>
    public int Undelivered { get; private set; }

    /// <summary>Attempts that nodes gave themselves, and ran.</summary>
    public int SelfAttempts => _ownRun.Count;

    /// <summary>Workers and nodes that one task has killed, at most.</summary>
    public int MostDeaths { get; private set; }

    public void Violated(char property, string what)
    {
        _violations.Add($"({property}) {what}");
        _world.Tell($"VIOLATED ({property}) {what}");
    }

    /// <summary>
    /// Whether anybody may take the task for poison: its own deaths, and what befell nodes that held it, beyond the three times after which it runs alone.
    /// </summary>
    public bool MayBeConvicted(TaskId task) => _deaths.GetValueOrDefault(task) + Math.Max(0, _shadows.GetValueOrDefault(task) - Suspicion.DeathsToRunAlone) >= Ledgers.LedgerMachine.StrikesToPoison;

    /// <summary>A machine was killed, or fell silent: what it held, or had last been given, came under suspicion.</summary>
    public void FellSilent(string machine, Incarnation? start)
    {
        if (start is { } silent) _silent.Add(silent);
        var disk = Disk(machine);
        foreach (var task in disk.Attempts.Keys.Concat(disk.Outbound).Concat(Assignments.GivenTo(machine)).Distinct()) _shadows[task] = _shadows.GetValueOrDefault(task) + 1;
    }

    /// <summary>
    /// A leader fences a start of a node. One that lives is taken for dead, as where the report of an earlier start comes late and looks like that of a later one: that
    /// brings what it holds under suspicion too.
    /// </summary>
    public void Fences(Messaging.Peer node)
    {
        if (!_silent.Contains(node.Incarnation)) FellSilent(node.Node.Value, node.Incarnation);
    }

    public bool IsSettled(TaskId task) => _settlements.ContainsKey(task);

    /// <summary>Durably submitted, and not durably settled.</summary>
    public bool IsOpen(TaskId task) => _submissions.Contains(task) && !_settlements.ContainsKey(task);

    /// <summary>The highest term that the machine has durably obeyed.</summary>
    public Term ObeyedTermOf(string machine) => Disk(machine).Term;

    /// <summary>A process starts on a machine: what is on its disk now is what it has to resume.</summary>
    public void Started(string machine, SimulatedProcess process)
    {
        LateWork.Started(machine);
        Supervision.Started(machine, process);
        Checkpoints.Started(machine, process, Disk(machine).Attempts);
    }

    /// <summary>The machine has a new disk; nobody can hold it to what was on the old one.</summary>
    public void DiskReplaced(string machine)
    {
        _disks.Remove(machine);
        Assignments.DiskReplaced(machine);
        Checkpoints.DiskReplaced(machine);
    }

    public void ModelCalled(string machine, SimulatedProcess process, Attempt attempt, int iteration)
    {
        ModelCalls++;
        _world.Tell($"{machine}: model called for {attempt}, iteration {iteration}");
        var disk = Disk(machine);
        if (disk.Outbound.Contains(attempt.Task) && !IsSettled(attempt.Task) && !IsUndelivered(disk, process, attempt.Task)) Violated('e', $"{attempt} was computed again on {machine} while its result was kept there");
        var run = (process.Number, attempt.Task, attempt.Epoch);
        if (_processDeaths.GetValueOrDefault(run) > DurableStrikes(attempt) && !IsSettled(attempt.Task)) Violated('g', $"{attempt} ran again on {machine} before the ledger had its worker's death");
        if (attempt.Epoch.IsSelfAttempt)
        {
            GaveItself(machine, attempt);
            _ownRun.Add(attempt.Epoch);
        }

        LateWork.ModelCalled(machine, process, attempt);
        Checkpoints.ModelCalled(machine, process, attempt, iteration);
    }

    /// <summary>A node gave itself an attempt: durably, or a model has seen its epoch.</summary>
    private void GaveItself(string machine, Attempt attempt)
    {
        if (_own.TryAdd(attempt.Epoch, (machine, attempt.Task)) || _own[attempt.Epoch] == (machine, attempt.Task)) return;
        Violated('d', $"{machine} gave itself {attempt.Task} at {attempt.Epoch}, which was {_own[attempt.Epoch].Task}'s at {_own[attempt.Epoch].Machine}");
    }

    public void WorkerDied(SimulatedProcess process, Attempt attempt)
    {
        _world.Tell($"a worker of process {process.Number} dies or hangs in {attempt}");
        Count(attempt.Task);
        var run = (process.Number, attempt.Task, attempt.Epoch);
        _processDeaths[run] = _processDeaths.GetValueOrDefault(run) + 1;
    }

    public void NodeDied(Attempt attempt)
    {
        _world.Tell($"{attempt} kills its node");
        Count(attempt.Task);
    }

    /// <summary>The application was told that its submission is taken.</summary>
    public void Acknowledged(TaskId task)
    {
        if (!_submissions.Contains(task)) Violated('b', $"the submission of {task} was acknowledged before it was durable");
    }

    /// <summary>The application saw a completion or the answer to a cancellation.</summary>
    public void Completed(TaskId task, Outcome outcome)
    {
        if (!_settlements.TryGetValue(task, out var durable)) Violated('a', $"the completion of {task} as {outcome} was seen before it was durable");
        else if (SettlementRecord.Parser.ParseFrom(durable).Outcome != (int)outcome) Violated('a', $"{task} was seen as {outcome}, and is durably something else");
        if (_seen.TryGetValue(task, out var first) && first != outcome) Violated('a', $"{task} was completed as {first}, and later as {outcome}");
        _seen[task] = outcome;
    }

    /// <summary>The application was told that its task is cancelled.</summary>
    public void Cancelled(TaskId task)
    {
        if (!IsSettled(task)) Violated('a', $"the cancellation of {task} was acknowledged before it was durable");
    }

    /// <summary>A commit became durable on a machine's disk.</summary>
    public void Applied(string machine, SimulatedProcess process, WriteBatch batch)
    {
        var disk = Disk(machine);
        foreach (var write in batch)
        {
            if (_world.Story is not null) Tell(machine, write);
            switch (write.Family)
            {
                case StoreFamily.Ledger when write.Kind == WriteKind.Put:
                    AppliedToLedger(machine, write);
                    break;
                case StoreFamily.Task:
                    AppliedToAttempts(machine, process, disk, write);
                    break;
                case StoreFamily.Outbound:
                    AppliedToOutbound(machine, process, disk, write);
                    break;
                case StoreFamily.Checkpoint or StoreFamily.Artifact:
                    Checkpoints.Applied(machine, process, write);
                    Supervision.Applied(machine, process, write);
                    break;
                case StoreFamily.Meta:
                    AppliedToMeta(machine, disk, write);
                    break;
            }
        }
    }

    /// <summary>Everything is settled and the network has long been quiet: what is left on a disk will stay there for ever.</summary>
    public void Ended(string machine, SimulatedDisk disk)
    {
        foreach (var family in OfTasks)
        {
            if (Left(disk, family) is not { } left) continue;
            Violated(family == StoreFamily.Outbound ? 'b' : 'x', $"{machine} still holds {family} of {left}, which is settled");
        }
    }

    /// <summary>Whether the disk holds nothing of any task that it ran.</summary>
    public static bool IsBare(SimulatedDisk disk) => Array.TrueForAll(OfTasks, family => Left(disk, family) is null);

    private static TaskId? Left(SimulatedDisk disk, StoreFamily family) =>
        disk.Image.Scan(family, default).FirstOrDefault() is { Key.Length: >= TaskId.Bytes } left ? TaskId.Read(left.Key) : null;

    private void Count(TaskId task)
    {
        var deaths = _deaths[task] = _deaths.GetValueOrDefault(task) + 1;
        MostDeaths = Math.Max(MostDeaths, deaths);
        if (deaths == DeathsBeyondBounds) Violated('g', $"{task} has killed {deaths} workers and nodes, and is not convicted");
    }

    /// <summary>A process calls itself that start of its node.</summary>
    public void CalledItself(SimulatedProcess process, Incarnation start)
    {
        if (!_incarnations.TryGetValue(process.Number, out var incarnations)) _incarnations[process.Number] = incarnations = [];
        if (incarnations.Add(start)) LateWork.Began(process);
    }

    /// <summary>Whether the process has called itself that start of its node.</summary>
    public bool IsStartOf(SimulatedProcess process, Incarnation start) => _incarnations.TryGetValue(process.Number, out var starts) && starts.Contains(start);

    /// <summary>A scheduler assigns an attempt: the judge notes who issued which epoch, and to which start of a node.</summary>
    public void Assigned(in Message message)
    {
        if (message.Body is not Assignment { Adopted: false } assignment) return;
        _addressed[(message.Task, message.Epoch)] = assignment.To;
        var issue = (message.From, message.Task);
        if (_issued.TryAdd(message.Epoch, issue) || _issued[message.Epoch] == issue) return;
        Violated('d', $"epoch {message.Epoch} was issued to {_issued[message.Epoch].Task} by {_issued[message.Epoch].Leader} and to {message.Task} by {message.From}");
    }

    private DiskView Disk(string machine)
    {
        if (!_disks.TryGetValue(machine, out var view)) _disks[machine] = view = new DiskView();
        return view;
    }

    private void AppliedToLedger(string machine, in Write write)
    {
        var task = TaskId.Read(write.Key[1..]);
        switch (write.Key[0])
        {
            case (byte)'a':
                _submissions.Add(task);
                break;
            case (byte)'b':
                var settlement = write.Value.ToArray();
                if (_settlements.TryGetValue(task, out var first) && !first.AsSpan().SequenceEqual(settlement)) Violated('a', $"the durable settlement of {task} changed");
                _settlements[task] = settlement;
                LateWork.Settled(machine, task);
                break;
            case (byte)'c':
                _strikes[task] = [.. Records.Read(StrikesRecord.Parser.ParseFrom(write.Value)).Select(strike => (strike.Epoch, strike.Run))];
                break;
        }
    }

    private int DurableStrikes(Attempt attempt) => _strikes.TryGetValue(attempt.Task, out var strikes) ? strikes.Count(strike => strike.Epoch == attempt.Epoch) : 0;

    private void AppliedToAttempts(string machine, SimulatedProcess process, DiskView disk, in Write write)
    {
        var task = TaskId.Read(write.Key);
        if (write.Kind != WriteKind.Put)
        {
            disk.Attempts.Remove(task);
            if (!disk.Outbound.Contains(task)) Assignments.Dropped(machine, task);
            return;
        }

        var attempt = AttemptRecord.Parser.ParseFrom(write.Value);
        var epoch = Records.Read(attempt.Epoch);
        var spec = Records.Read(attempt.Submission);
        Supervision.Obeyed(spec);
        if (disk.Attempts.TryGetValue(task, out var known) && known == epoch) return;      // the same attempt, written again
        disk.Attempts[task] = epoch;
        if (!disk.Obeyed.Add((task, epoch))) Violated('d', $"{machine} obeyed the assignment of {task} at {epoch} twice");
        if (_holders.TryGetValue((task, epoch), out var other) && other != machine) Violated('d', $"{task} at {epoch} was obeyed by {other} and by {machine}");
        _holders[(task, epoch)] = machine;
        if (_addressed.TryGetValue((task, epoch), out var addressed) && !_incarnations.GetValueOrDefault(process.Number, []).Contains(addressed)) Violated('d', $"{machine} obeyed the assignment of {task} at {epoch}, which was addressed to an earlier start of it");
        ObeyedTerm(machine, disk, new Term(epoch.Generation, epoch.Term));
        if (epoch.IsSelfAttempt) GaveItself(machine, new Attempt(task, epoch));
        Assignments.Obeyed(machine, spec, epoch);
        LateWork.Obeyed(machine, new Attempt(task, epoch));
    }

    private void ObeyedTerm(string machine, DiskView disk, Term term)
    {
        if (term < disk.Term) Violated('d', $"{machine} obeyed term {term} after {disk.Term}");
        disk.Term = term;
    }

    private void AppliedToOutbound(string machine, SimulatedProcess process, DiskView disk, in Write write)
    {
        var task = TaskId.Read(write.Key);
        if (write.Kind == WriteKind.Put)
        {
            var record = OutboundRecord.Parser.ParseFrom(write.Value);
            disk.Outbound.Add(task);
            disk.FinishedMs[task] = record.FinishedMs;
            Supervision.Finished(machine, process, task, Records.Read(record.Result));
            return;
        }

        if (!disk.Outbound.Remove(task)) return;
        Assignments.Dropped(machine, task);
        if (!IsOpen(task)) return;
        if (IsUndelivered(disk, process, task)) Undelivered++;
        else Violated('e', $"{machine} dropped the result of {task}, which is not durably settled");
    }

    /// <summary>No ledger has taken the result for so long that the node may drop it.</summary>
    private bool IsUndelivered(DiskView disk, SimulatedProcess process, TaskId task) => process.Time.GetUtcNow().ToUnixTimeMilliseconds() - disk.FinishedMs[task] >= KeepsUndeliveredMs;

    /// <summary>The term that a node obeys; and, where there is no coordination store, the nodes that the only scheduler remembers.</summary>
    private void AppliedToMeta(string machine, DiskView disk, in Write write)
    {
        if (write.Key.SequenceEqual("term"u8)) ObeyedTerm(machine, disk, new Term(BinaryPrimitives.ReadInt64LittleEndian(write.Value), BinaryPrimitives.ReadInt64LittleEndian(write.Value[8..])));
        if (!write.Key.StartsWith("member/"u8)) return;
        if (write.Kind == WriteKind.Put) Assignments.Registered(Records.Read(PeerRecord.Parser.ParseFrom(write.Value)));
        else Assignments.Unregistered(new NodeId(System.Text.Encoding.ASCII.GetString(write.Key["member/".Length..])));
    }

    private void Tell(string machine, in Write write)
    {
        var key = write.Family switch
        {
            StoreFamily.Meta => System.Text.Encoding.UTF8.GetString(write.Key),
            StoreFamily.Ledger => $"{TaskId.Read(write.Key[1..])} {(char)write.Key[0]}",
            _ => $"{TaskId.Read(write.Key)} {Convert.ToHexString(write.Key[TaskId.Bytes..])}",
        };
        _world.Tell($"{machine}: durable {write.Kind} {write.Family} {key}");
    }

    /// <summary>What a machine's disk was told to keep.</summary>
    private sealed class DiskView
    {
        public Dictionary<TaskId, Epoch> Attempts { get; } = [];

        public HashSet<(TaskId, Epoch)> Obeyed { get; } = [];

        public HashSet<TaskId> Outbound { get; } = [];

        /// <summary>Since when each of these results waits, as the machine's clock has it.</summary>
        public Dictionary<TaskId, long> FinishedMs { get; } = [];

        public Term Term { get; set; }
    }
}
