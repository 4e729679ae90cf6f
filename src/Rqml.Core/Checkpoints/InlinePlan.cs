using Rqml.Cluster;
using Rqml.Refinement;

namespace Rqml.Checkpoints;

/// <summary>
/// Decides which checkpoints a node copies into the coordination store next, and which it removes there: what has changed, the longest uncopied first, as far as
/// the node's share of the cluster's budget goes. A task that ends within a second costs the store nothing.
/// </summary>
internal sealed class InlinePlan(CoordinationKeys keys)
{
    /// <summary>What changed is copied once it has been uncopied for so long.</summary>
    public const long CopyAfterMs = 1_000;

    /// <summary>All nodes of a cluster together, in a second.</summary>
    public const int ClusterKeys = 1_000;

    /// <inheritdoc cref="ClusterKeys"/>
    public const int ClusterBytes = 512 << 10;

    /// <inheritdoc cref="ClusterKeys"/>
    public const int ClusterTransactions = 50;

    private const long ShortestPauseMs = 500;
    private const int BurstBytes = 256 << 10;

    private readonly Dictionary<TaskId, Copy> _copies = [];
    private readonly Queue<TaskId> _settled = new();
    private double _keys = CoordinationTransaction.MaxChanges;
    private double _bytes = BurstBytes;
    private long _gainedMs;
    private long _round;

    /// <summary>Whether there is anything to remove.</summary>
    public bool HasSettled => _settled.Count > 0;

    /// <summary>Time from one transaction to the next.</summary>
    public static long PauseMs(int nodes) => Math.Max(ShortestPauseMs, 1_000L * nodes / ClusterTransactions);

    /// <summary>The task came with another node's copy.</summary>
    public void Brought(TaskId task)
    {
        if (!_copies.TryGetValue(task, out var copy)) _copies.Add(task, copy = new Copy { SinceMs = _gainedMs });
        copy.IsThere = true;
    }

    /// <summary>The task has a durable result: nobody goes on with it any more.</summary>
    public void Settled(TaskId task)
    {
        if (_copies.Remove(task, out var copy) && copy.IsThere) _settled.Enqueue(task);
    }

    /// <summary>The next transaction's changes; none where nothing is due.</summary>
    /// <param name="held">What the node works on.</param>
    /// <param name="holds">Whether the node has anything of a task, be it a result that nobody has answered.</param>
    /// <param name="nodes">Nodes that share the budget.</param>
    /// <param name="isLeaving">The node ends: everything is due, whatever it costs.</param>
    /// <param name="nowMs">The time.</param>
    public InlineBatch Next(IEnumerable<HeldSnapshot> held, Func<TaskId, bool> holds, int nodes, bool isLeaving, long nowMs)
    {
        Gain(nodes, nowMs);
        var due = Look(held, holds, isLeaving, nowMs);
        var batch = new InlineBatch();
        while (_settled.Count > 0 && TryPay(batch, 0, isLeaving))
        {
            var task = _settled.Dequeue();
            batch.Removed.Add(task);
            batch.Changes.Add(new Change.Delete(keys.Checkpoint(task)));
        }

        foreach (var (copy, snapshot) in due.OrderBy(candidate => candidate.Copy.SinceMs))
        {
            var value = InlineCheckpoint.Write(snapshot.Attempt, snapshot.Snapshot, snapshot.Model);
            if (value is null)
            {
                copy.Saw(snapshot, nowMs);      // too long for the store: an earlier copy stays
                continue;
            }

            if (!TryPay(batch, value.Length, isLeaving)) break;
            copy.IsThere = true;      // from here on: a result may come before the store's answer, and its copy is to go too
            batch.Copied.Add((copy, snapshot));
            batch.Changes.Add(new Change.Put(keys.Checkpoint(snapshot.Attempt.Task), value));
        }

        return batch;
    }

    /// <summary>The store has the batch.</summary>
    public static void Committed(InlineBatch batch, long nowMs)
    {
        foreach (var (copy, snapshot) in batch.Copied) copy.Saw(snapshot, nowMs);
    }

    /// <summary>The store may or may not have it: the same changes once more do no harm.</summary>
    public void Lost(InlineBatch batch)
    {
        foreach (var task in batch.Removed) _settled.Enqueue(task);
    }

    private List<(Copy Copy, HeldSnapshot Snapshot)> Look(IEnumerable<HeldSnapshot> held, Func<TaskId, bool> holds, bool isLeaving, long nowMs)
    {
        _round++;
        var due = new List<(Copy, HeldSnapshot)>();
        foreach (var snapshot in held)
        {
            if (!_copies.TryGetValue(snapshot.Attempt.Task, out var copy)) _copies.Add(snapshot.Attempt.Task, copy = new Copy { SinceMs = nowMs });
            copy.Round = _round;
            if (copy.Holds(snapshot)) copy.SinceMs = nowMs;
            else if (isLeaving || copy.SinceMs + CopyAfterMs <= nowMs) due.Add((copy, snapshot));
        }

        // What was revoked is somebody else's now, and so is its copy.
        foreach (var (task, copy) in _copies)
        {
            if (copy.Round != _round && !holds(task)) _copies.Remove(task);
        }

        return due;
    }

    private void Gain(int nodes, long nowMs)
    {
        var share = Math.Max(0, nowMs - _gainedMs) / 1_000.0 / Math.Max(1, nodes);
        _gainedMs = nowMs;
        _keys = Math.Min(CoordinationTransaction.MaxChanges, _keys + share * ClusterKeys);
        _bytes = Math.Min(BurstBytes, _bytes + share * ClusterBytes);
    }

    private bool TryPay(InlineBatch batch, int bytes, bool isLeaving)
    {
        if (batch.Changes.Count == CoordinationTransaction.MaxChanges) return false;
        if (!isLeaving && (_keys < 1 || _bytes < bytes)) return false;
        _keys--;
        _bytes -= bytes;
        return true;
    }

    /// <summary>What the store holds of a task, as far as this node has seen to it.</summary>
    internal sealed class Copy
    {
        private Epoch _epoch;
        private int _iteration;
        private int _passes;

        /// <summary>Since when there has been something that is not copied.</summary>
        public long SinceMs { get; set; }

        public long Round { get; set; }

        /// <summary>Whether the store may hold any copy of ours.</summary>
        public bool IsThere { get; set; }

        public bool Holds(in HeldSnapshot held) => !held.Snapshot.HasArtifact || (_epoch == held.Attempt.Epoch && _iteration == held.Snapshot.Iteration && _passes == held.Snapshot.Passes);

        public void Saw(in HeldSnapshot held, long nowMs) =>
            (_epoch, _iteration, _passes, SinceMs) = (held.Attempt.Epoch, held.Snapshot.Iteration, held.Snapshot.Passes, nowMs);
    }
}

/// <summary>One attempt at its node, and where it is.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Snapshot">Its newest boundary.</param>
/// <param name="Model">Name of the model that works next.</param>
internal readonly record struct HeldSnapshot(Attempt Attempt, RefinementSnapshot Snapshot, string Model);

/// <summary>The changes of one transaction, and what they are about.</summary>
internal sealed class InlineBatch
{
    public List<Change> Changes { get; } = [];

    public List<(InlinePlan.Copy Copy, HeldSnapshot Snapshot)> Copied { get; } = [];

    public List<TaskId> Removed { get; } = [];
}
