using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;

namespace Rqml.Nodes;

/// <summary>A finished result that no ledger has answered yet: not computed again as long as it is kept.</summary>
internal sealed record Outbound(Attempt Attempt, Peer Ledger, Settlement Result, string? PartitionKey)
{
    /// <summary>What a result weighs beside its artifact, about.</summary>
    private const int Overhead = 1_024;

    /// <summary>Since when it waits; 0 where that was not written down.</summary>
    public long FinishedMs { get; init; }

    public long Bytes => Result.Artifact.Length + Overhead;
}

/// <summary>
/// The outbound queue: offers each result, once it is durable, and again until its ledger has answered. One whose submitter is down is kept for a time, and as long as there is room:
/// what is dropped then is run again when the submitter is back.
/// </summary>
internal sealed class OutboundQueue(Peer self, long keepMs, long maxBytes)
{
    public const long RetryMs = 1_000;

    /// <summary>Who has not answered for so long is taken to be down: what waits for less does so because much is on its way, and is not dropped for want of room.</summary>
    public const long UndeliveredMs = 60_000;

    private readonly long _undeliveredMs = Math.Min(UndeliveredMs, keepMs);      // a simulation keeps results for less
    private readonly Dictionary<TaskId, Outbound> _results = [];
    private long _bytes;

    public int Count => _results.Count;

    public IEnumerable<Outbound> Results => _results.Values;

    /// <summary>When the next offer is due; <see cref="long.MaxValue"/> where nothing waits.</summary>
    public long NextDueMs { get; private set; } = long.MaxValue;

    public bool Contains(TaskId task) => _results.ContainsKey(task);

    /// <summary>Takes back a result from the disk, to be offered at once.</summary>
    public void Restore(Outbound result)
    {
        Keep(result);
        NextDueMs = 0;
    }

    public void Add(Outbound result, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        result = result with { FinishedMs = nowMs };
        Keep(result);
        effects.Add(NodeEffect.WriteOutbound(result));
        Offer(result, effects);
        NextDueMs = Math.Min(NextDueMs, nowMs + RetryMs);
    }

    /// <summary>The ledger has answered: the result may go. False where there was none.</summary>
    public bool Remove(TaskId task)
    {
        if (!_results.Remove(task, out var removed)) return false;
        _bytes -= removed.Bytes;
        if (_results.Count == 0) NextDueMs = long.MaxValue;
        return true;
    }

    public void Tick(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (NextDueMs > nowMs) return;
        foreach (var undated in _results.Values.Where(result => result.FinishedMs == 0).ToArray()) _results[undated.Attempt.Task] = undated with { FinishedMs = nowMs };
        DropUndelivered(nowMs, effects);
        foreach (var result in _results.Values) Offer(result, effects);
        NextDueMs = _results.Count > 0 ? nowMs + RetryMs : long.MaxValue;
    }

    private void Keep(Outbound result)
    {
        _results.Add(result.Attempt.Task, result);
        _bytes += result.Bytes;
    }

    /// <summary>The oldest first, as its submitter has been gone for longest.</summary>
    private void DropUndelivered(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        if (_bytes <= maxBytes && !_results.Values.Any(result => IsExpired(result, nowMs))) return;
        foreach (var result in _results.Values.Where(result => result.FinishedMs + _undeliveredMs <= nowMs).OrderBy(result => result.FinishedMs).ToArray())
        {
            var isExpired = IsExpired(result, nowMs);
            if (!isExpired && _bytes <= maxBytes) return;
            Remove(result.Attempt.Task);
            effects.Add(NodeEffect.DropTask(result.Attempt.Task));
            effects.Add(NodeEffect.LoseResult(result, isExpired ? ResultLoss.Expired : ResultLoss.NoRoom));
        }
    }

    private bool IsExpired(Outbound result, long nowMs) => result.FinishedMs + keepMs <= nowMs;

    private void Offer(Outbound result, EffectBuffer<NodeEffect> effects) =>
        effects.Add(NodeEffect.SendOnceDurable(result.Ledger, new Message(MessageKind.Result, self, result.Attempt.Task, result.Attempt.Epoch, 0, result.Result)));
}

/// <summary>Why a result that nobody took was dropped.</summary>
internal enum ResultLoss : byte
{
    /// <summary>Its submitter was down for too long.</summary>
    Expired = 1,

    /// <summary>Results of submitters that are down were too many.</summary>
    NoRoom = 2,
}
