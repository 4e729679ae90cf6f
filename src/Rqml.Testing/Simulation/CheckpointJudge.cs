using System.Buffers.Binary;
using Google.Protobuf;
using Rqml.Checkpoints;
using Rqml.Protocol;
using Rqml.Storage;

namespace Rqml.Testing.Simulation;

/// <summary>
/// Watches which checkpoints the disks hold and which of them are whole: after a restart each attempt has to go on from the newest that is, neither from an
/// earlier one nor from one that was damaged, and what was passed over has to be reported. Property (e).
/// </summary>
internal sealed class CheckpointJudge(Judge judge)
{
    private readonly Dictionary<(string Machine, TaskId Task), Chain> _chains = [];
    private readonly Dictionary<(int Process, TaskId Task, Epoch Epoch), int> _resumable = [];
    private readonly Dictionary<int, TaskId> _passedOver = [];
    private readonly Dictionary<TaskId, HashSet<int>> _copied = [];
    private readonly HashSet<(int Process, TaskId Task)> _begun = [];

    /// <summary>Attempts that went on from a checkpoint after a restart.</summary>
    public long Resumed { get; private set; }

    /// <summary>Attempts that went on from an earlier checkpoint, or from none, because a later one was damaged.</summary>
    public long PassedOver { get; private set; }

    /// <summary>Attempts that went on from what another node had left in the coordination store.</summary>
    public long Recalled { get; private set; }

    /// <summary>A node has copied a checkpoint into the coordination store.</summary>
    public void Copied(string endpoint, TaskId task, ReadOnlySpan<byte> value)
    {
        if (InlineCheckpoint.Read(value, task) is not { } snapshot)
        {
            judge.Violated('e', $"the copy of {task} cannot be read");
            return;
        }

        if (!_copied.TryGetValue(task, out var iterations)) _copied.Add(task, iterations = []);
        iterations.Add(snapshot.Iteration);
        judge.Supervision.Copied(endpoint, task, snapshot, value);
    }

    /// <summary>A process starts on a machine: what is on its disk now is what it has to resume.</summary>
    public void Started(string machine, SimulatedProcess process, IReadOnlyDictionary<TaskId, Epoch> attempts)
    {
        foreach (var (task, epoch) in attempts)
        {
            var chain = _chains.GetValueOrDefault((machine, task));
            var newest = chain?.NewestWhole();
            _resumable[(process.Number, task, epoch)] = newest?.Iteration ?? 0;
            judge.Supervision.Started(machine, process, task, epoch, newest);
            if (chain is not { IsNewestDamaged: true }) continue;
            _passedOver[process.Number] = task;
            PassedOver++;
        }
    }

    /// <summary>The process is up, and has counted what it found damaged.</summary>
    public void Up(string machine, SimulatedProcess process, long damaged)
    {
        if (damaged == 0 && _passedOver.TryGetValue(process.Number, out var task)) judge.Violated('e', $"{machine} did not report the damaged checkpoint of {task}");
    }

    public void ModelCalled(string machine, SimulatedProcess process, Attempt attempt, int iteration)
    {
        var isFirst = _begun.Add((process.Number, attempt.Task));
        if (!_resumable.Remove((process.Number, attempt.Task, attempt.Epoch), out var reached))
        {
            if (isFirst && iteration > 1 && !IsOnDisk(process, attempt.Task, iteration - 1)) Recall(machine, attempt, iteration);
            return;
        }

        if (iteration != reached + 1) judge.Violated('e', $"{attempt} began at iteration {iteration} on {machine}, whose newest whole checkpoint is of iteration {reached}");
        else if (reached > 0) Resumed++;
    }

    /// <summary>Whether the process found the task there when it started, under an attempt that another has superseded since.</summary>
    private bool IsOnDisk(SimulatedProcess process, TaskId task, int reached) =>
        _resumable.Any(found => found.Key.Process == process.Number && found.Key.Task == task && found.Value == reached);

    /// <summary>What a node begins in the middle, and has nothing of on its disk, another one has left.</summary>
    private void Recall(string machine, Attempt attempt, int iteration)
    {
        if (_copied.GetValueOrDefault(attempt.Task)?.Contains(iteration - 1) == true) Recalled++;
        else judge.Violated('e', $"{attempt} began at iteration {iteration} on {machine}, and nobody has left it there");
    }

    public void Applied(string machine, SimulatedProcess process, in Write write)
    {
        var task = TaskId.Read(write.Key);
        if (write.Kind == WriteKind.DeletePrefix)
        {
            _chains.Remove((machine, task));
            foreach (var key in _resumable.Keys.Where(key => key.Process == process.Number && key.Task == task).ToArray()) _resumable.Remove(key);
            return;
        }

        if (!_chains.TryGetValue((machine, task), out var chain)) _chains[(machine, task)] = chain = new Chain(task);
        if (write.Kind == WriteKind.Put) chain.Put(write);
        else chain.Delete(write.Key);
    }

    public bool IsDamaged(string machine, byte[] key) => _chains.TryGetValue((machine, TaskId.Read(key)), out var chain) && chain.IsDamaged(key);

    /// <summary>A bit of a stored value was flipped.</summary>
    public void Damaged(string machine, StoreEntry damaged)
    {
        if (_chains.TryGetValue((machine, TaskId.Read(damaged.Key)), out var chain)) chain.Damage(damaged);
    }

    /// <summary>The machine has a new disk.</summary>
    public void DiskReplaced(string machine)
    {
        foreach (var key in _chains.Keys.Where(key => key.Machine == machine).ToArray()) _chains.Remove(key);
    }

    /// <summary>The checkpoints of one task on one disk, as they were written, and what was damaged since. A state is vouched for by its entry in the history.</summary>
    private sealed class Chain(TaskId task)
    {
        private readonly SortedDictionary<(Epoch Epoch, int Iteration), State> _states = [];
        private readonly Dictionary<long, string> _entries = [];
        private readonly Dictionary<string, IMessage> _written = [];
        private readonly HashSet<string> _damaged = [];

        /// <summary>Whether the newest one would have been whole, had nothing been damaged.</summary>
        public bool IsNewestDamaged => Newest is { } newest && newest.Artifacts.All(_written.ContainsKey) && !IsWhole(newest);

        private State? Newest => _states.Count > 0 ? _states.Last().Value : null;

        public void Put(in Write write)
        {
            var key = Convert.ToHexString(write.Key);
            _damaged.Remove(key);
            if (write.Family != StoreFamily.Checkpoint)
            {
                _written[key] = Artifact;
                return;
            }

            _written[key] = Parse(key, write.Value.ToArray())!;
            if (_written[key] is CheckpointEntry entry) _entries[entry.Sequence] = key;
            else if (_written[key] is Protocol.TaskCheckpoint record) _states[EpochOf(write.Key)] = new State(key, record.Sequence, [.. record.IntermediateArtifacts.Select(artifact => Convert.ToHexString(CheckpointStore.ArtifactKeyOf(task, artifact.Sha256.Span)))]);
        }

        public void Delete(ReadOnlySpan<byte> key)
        {
            var deleted = Convert.ToHexString(key);
            _written.Remove(deleted);
            foreach (var (at, _) in _states.Where(state => state.Value.Key == deleted).ToArray()) _states.Remove(at);
        }

        public bool IsDamaged(byte[] key) => _damaged.Contains(Convert.ToHexString(key));

        /// <summary>
        /// A flag that is 3 on the disk instead of 1 is still a flag: what reads as the same content is whole, as the hash is of content. Compared as written anew: messages call a number that is
        /// not there equal to a zero that is.
        /// </summary>
        public void Damage(StoreEntry damaged)
        {
            var key = Convert.ToHexString(damaged.Key);
            if (!_written.TryGetValue(key, out var written) || written == Artifact || Parse(key, damaged.Value)?.ToByteString() != written.ToByteString()) _damaged.Add(key);
        }

        public (Epoch Epoch, int Iteration)? NewestWhole() => _states.Reverse().Where(state => IsWhole(state.Value)).Select(state => ((Epoch, int)?)state.Key).FirstOrDefault();

        private static IMessage Artifact { get; } = new TaskIdsBody();      // stands for bytes that are no record

        private bool IsWhole(State state) => IsThere(state.Key) && _entries.TryGetValue(state.Sequence, out var entry) && IsThere(entry) && state.Artifacts.All(IsThere);

        private bool IsThere(string key) => _written.ContainsKey(key) && !_damaged.Contains(key);

        private static IMessage? Parse(string key, byte[] value)
        {
            try
            {
                return key.Length == 2 * CheckpointStore.StateKeyBytes ? Protocol.TaskCheckpoint.Parser.ParseFrom(value) : CheckpointEntry.Parser.ParseFrom(value);
            }
            catch (InvalidProtocolBufferException)
            {
                return null;
            }
        }

        private static (Epoch, int) EpochOf(ReadOnlySpan<byte> key) =>
            (new Epoch(BinaryPrimitives.ReadInt64BigEndian(key[16..]), BinaryPrimitives.ReadInt64BigEndian(key[24..]), BinaryPrimitives.ReadInt64BigEndian(key[32..])), BinaryPrimitives.ReadInt32BigEndian(key[40..]));

        private sealed record State(string Key, long Sequence, string[] Artifacts);
    }
}
