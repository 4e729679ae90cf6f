using System.Buffers.Binary;
using Rqml.Protocol;
using Rqml.Storage;

namespace Rqml.Testing.Simulation;

/// <summary>
/// Watches a run from outside: what the application saw, what models were called, and what became durable on which disk. It knows nothing of the
/// machines' own counters. Letters name the properties: (a) settled once, (b) nothing lost, (d) epochs, (e) results kept, (g) poison.
/// </summary>
internal sealed class Judge
{
    private readonly Dictionary<TaskId, byte[]> _settlements = [];
    private readonly HashSet<TaskId> _submissions = [];
    private readonly Dictionary<TaskId, Outcome> _seen = [];
    private readonly HashSet<(int Process, TaskId Task, Epoch Epoch)> _obeyed = [];
    private readonly Dictionary<(TaskId, Epoch), string> _holders = [];
    private readonly Dictionary<string, (long, long)> _terms = [];
    private readonly Dictionary<string, HashSet<TaskId>> _outbound = [];
    private readonly Dictionary<(string Machine, TaskId Task, Epoch Epoch), int> _checkpoints = [];
    private readonly Dictionary<(int Process, TaskId Task, Epoch Epoch), int> _resumable = [];
    private readonly Dictionary<TaskId, int> _deaths = [];
    private readonly List<string> _violations = [];

    public IReadOnlyList<string> Violations => _violations;

    public long ModelCalls { get; private set; }

    public long Deaths { get; private set; }

    public long Hangs { get; private set; }

    public long Resumed { get; private set; }

    public void Violated(char property, string what) => _violations.Add($"({property}) {what}");

    public int DeathsOf(TaskId task) => _deaths.GetValueOrDefault(task);

    /// <summary>A process starts on a machine: what is on its disk now is what it may resume.</summary>
    public void Started(string machine, SimulatedProcess process)
    {
        foreach (var (key, iteration) in _checkpoints)
        {
            if (key.Machine == machine) _resumable[(process.Number, key.Task, key.Epoch)] = iteration;
        }
    }

    public void ModelCalled(string machine, SimulatedProcess process, Attempt attempt, int iteration)
    {
        ModelCalls++;
        if (_outbound.TryGetValue(machine, out var kept) && kept.Contains(attempt.Task)) Violated('e', $"{attempt} was computed again on {machine} while its result was kept there");
        if (!_resumable.Remove((process.Number, attempt.Task, attempt.Epoch), out var reached)) return;
        if (iteration <= reached) Violated('e', $"{attempt} began at iteration {iteration} on {machine}, whose disk had a checkpoint of iteration {reached}");
        else Resumed++;
    }

    public void WorkerDied(Attempt attempt)
    {
        Deaths++;
        _deaths[attempt.Task] = DeathsOf(attempt.Task) + 1;
    }

    public void WorkerHung(Attempt attempt)
    {
        Hangs++;
        _deaths[attempt.Task] = DeathsOf(attempt.Task) + 1;
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
        if (!_settlements.ContainsKey(task)) Violated('a', $"the cancellation of {task} was acknowledged before it was durable");
    }

    /// <summary>A commit became durable on a machine's disk.</summary>
    public void Applied(string machine, SimulatedProcess process, WriteBatch batch)
    {
        foreach (var write in batch)
        {
            switch (write.Family)
            {
                case StoreFamily.Ledger when write.Kind == WriteKind.Put:
                    AppliedToLedger(write);
                    break;
                case StoreFamily.Task when write.Kind == WriteKind.Put:
                    Obeyed(machine, process, TaskId.Read(write.Key), Records.Read(AttemptRecord.Parser.ParseFrom(write.Value).Epoch));
                    break;
                case StoreFamily.Outbound:
                    AppliedToOutbound(machine, write);
                    break;
                case StoreFamily.Checkpoint when write.Kind == WriteKind.Put:
                    var epoch = new Epoch(BinaryPrimitives.ReadInt64BigEndian(write.Key[16..]), BinaryPrimitives.ReadInt64BigEndian(write.Key[24..]), BinaryPrimitives.ReadInt64BigEndian(write.Key[32..]));
                    _checkpoints[(machine, TaskId.Read(write.Key), epoch)] = BinaryPrimitives.ReadInt32BigEndian(write.Key[40..]);
                    break;
                case StoreFamily.Meta when write.Kind == WriteKind.Put && write.Key.SequenceEqual("term"u8):
                    var term = (BinaryPrimitives.ReadInt64LittleEndian(write.Value), BinaryPrimitives.ReadInt64LittleEndian(write.Value[8..]));
                    if (_terms.TryGetValue(machine, out var before) && term.CompareTo(before) < 0) Violated('d', $"{machine} obeyed term {term} after {before}");
                    _terms[machine] = term;
                    break;
            }
        }
    }

    private void AppliedToLedger(in Write write)
    {
        var task = TaskId.Read(write.Key);
        if (write.Key[^1] == (byte)'a') _submissions.Add(task);
        if (write.Key[^1] != (byte)'b') return;
        var settlement = write.Value.ToArray();
        if (_settlements.TryGetValue(task, out var first) && !first.AsSpan().SequenceEqual(settlement)) Violated('a', $"the durable settlement of {task} changed");
        _settlements[task] = settlement;
    }

    private void AppliedToOutbound(string machine, in Write write)
    {
        var task = TaskId.Read(write.Key);
        if (!_outbound.TryGetValue(machine, out var kept)) _outbound[machine] = kept = [];
        if (write.Kind == WriteKind.Put) kept.Add(task);
        else if (kept.Remove(task) && _submissions.Contains(task) && !_settlements.ContainsKey(task)) Violated('e', $"{machine} dropped the result of {task}, which is not durably settled");
    }

    private void Obeyed(string machine, SimulatedProcess process, TaskId task, Epoch epoch)
    {
        if (!_obeyed.Add((process.Number, task, epoch))) Violated('d', $"{machine} obeyed the assignment of {task} at {epoch} twice");
        if (_holders.TryGetValue((task, epoch), out var other) && other != machine) Violated('d', $"{task} at {epoch} was obeyed by {other} and by {machine}");
        _holders[(task, epoch)] = machine;
    }
}
