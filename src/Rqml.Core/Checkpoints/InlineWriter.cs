using System.Collections.Concurrent;
using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Checkpoints;

/// <summary>
/// Copies the newest small checkpoints of a node into the coordination store, one transaction at a time, so that another node can go on from there should this one
/// die. It looks at what workers leave at each boundary when its turn comes: they neither wait for it nor know of it.
/// </summary>
/// <remarks>
/// A transaction is compared with the absence of our fence: what was handed over is written by its new node. A copy may be older than another that was there, where
/// an attempt was revoked meanwhile; that costs iterations, never a task.
/// </remarks>
internal sealed class InlineWriter : Owner, IAsyncDisposable
{
    private const int MostAtEnd = 16;      // transactions

    private readonly EngineLoop _loop;
    private readonly ICoordinationStore _store;
    private readonly CoordinationKeys _keys;
    private readonly IHolder _holder;
    private readonly Func<int> _nodes;
    private readonly CheckpointInstruments _instruments;
    private readonly InlinePlan _plan;
    private readonly ConcurrentQueue<(InlineBatch Batch, bool IsThere)> _answers = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _call = Task.CompletedTask;
    private bool _isWaiting;
    private long _dueMs = long.MaxValue;

    /// <param name="loop">The node's loop.</param>
    /// <param name="store">The coordination store.</param>
    /// <param name="keys">Where things lie in it.</param>
    /// <param name="holder">Who holds the attempts.</param>
    /// <param name="nodes">Nodes of the cluster, which share its budget.</param>
    /// <param name="instruments">What is counted.</param>
    public InlineWriter(EngineLoop loop, ICoordinationStore store, CoordinationKeys keys, IHolder holder, Func<int> nodes, CheckpointInstruments instruments)
    {
        (_loop, _store, _keys, _holder, _nodes, _instruments) = (loop, store, keys, holder, nodes, instruments);
        _plan = new InlinePlan(keys);
        loop.Add(this);
    }

    public override long NextDueMs => _isWaiting ? long.MaxValue : _dueMs;

    /// <summary>The task came with another node's copy. Only the loop calls it.</summary>
    public void Brought(TaskId task) => _plan.Brought(task);

    /// <summary>The task has a durable result. Only the loop calls it.</summary>
    public void Settled(TaskId task) => _plan.Settled(task);

    public override bool Drain(long nowMs)
    {
        var worked = false;
        while (_answers.TryDequeue(out var answer))
        {
            worked = true;
            _isWaiting = false;
            Take(answer.Batch, answer.IsThere, nowMs);
        }

        if (_isWaiting) return worked;
        if (_dueMs > nowMs)
        {
            // An idle node wakes nobody.
            if (_dueMs == long.MaxValue && (_holder.HeldCount > 0 || _plan.HasSettled)) _dueMs = nowMs + InlinePlan.PauseMs(_nodes());
            return worked;
        }

        _dueMs = _holder.HeldCount > 0 || _plan.HasSettled ? nowMs + InlinePlan.PauseMs(_nodes()) : long.MaxValue;
        var batch = _plan.Next(_holder.Snapshots(), _holder.Holds, _nodes(), isLeaving: false, nowMs);
        if (batch.Changes.Count == 0) return worked;
        _isWaiting = true;
        _call = CopyAsync(batch);
        return true;
    }

    /// <summary>Copies all that the node leaves behind. Its loop has stopped.</summary>
    public async Task FlushAsync()
    {
        await _call;
        for (var count = 0; count < MostAtEnd; count++)
        {
            var nowMs = _loop.Clock.NowMs;
            var batch = _plan.Next(_holder.Snapshots(), _holder.Holds, _nodes(), isLeaving: true, nowMs);
            if (batch.Changes.Count == 0 || !await CommitAsync(batch)) return;
            Take(batch, isThere: true, nowMs);
        }
    }

    /// <summary>Waits for what is on its way to the store. The loop has stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        _stop.Cancel();
        await _call;
        _stop.Dispose();
    }

    private void Take(InlineBatch batch, bool isThere, long nowMs)
    {
        if (isThere) InlinePlan.Committed(batch, nowMs);
        else _plan.Lost(batch);
        if (isThere) _instruments.Copied(batch.Copied.Count);
    }

    private async Task CopyAsync(InlineBatch batch)
    {
        _answers.Enqueue((batch, await CommitAsync(batch)));
        _loop.Wake();
    }

    private async Task<bool> CommitAsync(InlineBatch batch)
    {
        var self = _holder.Self;
        try
        {
            var result = await _store.CommitAsync(new CoordinationTransaction([new Compare.Absent(_keys.Fence(self.Node, self.Incarnation))], batch.Changes), _stop.Token);
            return result.Succeeded;
        }
        catch (Exception error) when (error is CoordinationUnavailableException or OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }
}

/// <summary>Who holds the attempts of a node.</summary>
internal interface IHolder
{
    /// <summary>The node, with the start that it calls itself now.</summary>
    Peer Self { get; }

    int HeldCount { get; }

    /// <summary>Whether it has anything of that task, be it a result that no ledger has answered.</summary>
    bool Holds(TaskId task);

    /// <summary>Each attempt with its newest boundary. Only the loop asks, or whoever comes after it.</summary>
    IEnumerable<HeldSnapshot> Snapshots();
}
