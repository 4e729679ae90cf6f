using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;

namespace Rqml.Nodes;

/// <summary>A finished result that no ledger has answered yet: never dropped, never recomputed.</summary>
internal sealed record Outbound(Attempt Attempt, Peer Ledger, Settlement Result, string? PartitionKey);

/// <summary>The outbound queue: offers each result, once it is durable, and again until its ledger has answered.</summary>
internal sealed class OutboundQueue(Peer self)
{
    public const long RetryMs = 1_000;

    private readonly Dictionary<TaskId, Outbound> _results = [];

    public int Count => _results.Count;

    public IEnumerable<Outbound> Results => _results.Values;

    /// <summary>When the next offer is due; <see cref="long.MaxValue"/> where nothing waits.</summary>
    public long NextDueMs { get; private set; } = long.MaxValue;

    public bool Contains(TaskId task) => _results.ContainsKey(task);

    /// <summary>Takes back a result from the disk, to be offered at once.</summary>
    public void Restore(Outbound result)
    {
        _results[result.Attempt.Task] = result;
        NextDueMs = 0;
    }

    public void Add(Outbound result, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        _results.Add(result.Attempt.Task, result);
        effects.Add(NodeEffect.WriteOutbound(result));
        Offer(result, effects);
        NextDueMs = Math.Min(NextDueMs, nowMs + RetryMs);
    }

    /// <summary>The ledger has answered: the result may go. False where there was none.</summary>
    public bool Remove(TaskId task)
    {
        if (!_results.Remove(task)) return false;
        if (_results.Count == 0) NextDueMs = long.MaxValue;
        return true;
    }

    public void Tick(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (NextDueMs > nowMs) return;
        foreach (var result in _results.Values) Offer(result, effects);
        NextDueMs = _results.Count > 0 ? nowMs + RetryMs : long.MaxValue;
    }

    private void Offer(Outbound result, EffectBuffer<NodeEffect> effects) =>
        effects.Add(NodeEffect.SendOnceDurable(result.Ledger, new Message(MessageKind.Result, self, result.Attempt.Task, result.Attempt.Epoch, 0, result.Result)));
}
