using Rqml.Diagnostics;
using Rqml.Refinement;
using Rqml.Storage;
using Rqml.Supervision;

namespace Rqml.Checkpoints;

/// <summary>
/// Where a worker leaves an attempt's newest snapshot and goes on: the writer fetches it when its turn comes. A newer snapshot replaces an unwritten
/// older one, but takes over its decisions. Never waits, never blocks, never allocates.
/// </summary>
/// <remarks>
/// What waits is one value that changes no more, put and taken by compare-and-swap alone: whoever takes it takes its decisions with it, so none is lost and none
/// is written twice. A slot stands in the writer's queue at most once.
/// </remarks>
internal sealed class CheckpointSlot(Attempt attempt, GroupCommit writer, CheckpointChain chain, IReadOnlyList<ModelDescriptor> models, CheckpointInstruments instruments) : IDirty
{
    private RefinementSnapshot? _pending;
    private long _replaced;
    private volatile bool _closed;

    /// <summary>Snapshots that a newer one replaced unwritten.</summary>
    public long Replaced => Interlocked.Read(ref _replaced);

    /// <summary>Hands over a snapshot, which takes over the decisions of one that waits here.</summary>
    public void Put(RefinementSnapshot snapshot)
    {
        var (own, unwritten) = (snapshot.Decisions, Volatile.Read(ref _pending));
        var first = own.First();
        while (true)
        {
            if (ReferenceEquals(unwritten, snapshot)) return;
            snapshot.Decisions = own.After(unwritten?.Decisions ?? DecisionChain.None, first);
            var seen = Interlocked.CompareExchange(ref _pending, snapshot, unwritten);
            if (ReferenceEquals(seen, unwritten)) break;
            unwritten = seen;
        }

        if (unwritten is null) writer.MarkDirty(this);
        else CountReplaced();      // whoever put the older one has marked the slot, or is about to
    }

    /// <summary>Nothing more is to be written: the task has a result, or is dropped.</summary>
    public void Close() => _closed = true;

    public void Encode(WriteBatch batch)
    {
        if (Interlocked.Exchange(ref _pending, null) is not { } snapshot || _closed) return;
        chain.Append(attempt, snapshot, models[snapshot.Model].Name, batch);
        instruments.Written();
    }

    private void CountReplaced()
    {
        Interlocked.Increment(ref _replaced);
        instruments.Replaced();
    }
}
